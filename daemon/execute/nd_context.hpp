// SPDX-License-Identifier: GPL-2.0-or-later
//
// libndctl and libdaxctl, opened for one action: devices by name, and what the libraries log goes into the answer instead
// of to standard error. Objects of these libraries die with what is below them, so nothing is kept between actions.
#pragma once

#include <daxctl/libdaxctl.h>
#include <ndctl/libndctl.h>

#include <string>

#include "execute/target.hpp"

namespace memhot::execute {

class NdContext {
public:
    NdContext();
    NdContext(const NdContext&) = delete;
    NdContext& operator=(const NdContext&) = delete;
    ~NdContext();

    // Null where there is none.
    [[nodiscard]] ndctl_region* region(const std::string& name) const;
    [[nodiscard]] static ndctl_namespace* find(ndctl_region* region, const std::string& name);
    // Of whatever region.
    [[nodiscard]] ndctl_namespace* find(const std::string& name) const;
    [[nodiscard]] ndctl_dimm* dimm(const std::string& name) const;
    // The first of that number: each devdax namespace of a region has a dax region with the number of its region.
    [[nodiscard]] daxctl_region* dax_region(int id) const;
    [[nodiscard]] daxctl_dev* dax_device(const std::string& name) const;

    // result: 0 or positive for success, -errno. call: "setting the size of namespace0.1". What the library logged
    // meanwhile is told beside it.
    Attempt answer(int result, const std::string& call);

private:
    ndctl_ctx* nd_ = nullptr;
    daxctl_ctx* dax_ = nullptr;
    std::string logged_;
};

}   // namespace memhot::execute
