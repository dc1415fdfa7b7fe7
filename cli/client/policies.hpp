// SPDX-License-Identifier: GPL-2.0-or-later
//
// The policies of a host, and what they decide about the things that a command line names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/host.hpp"
#include "config/settings.hpp"
#include "policy/knobs.hpp"

namespace memhotctl {

// Where policies and memhotd.conf are read from.
struct PolicyRequest {
    std::string root = "/";
    std::optional<std::string> directory;   // --policy-dir: this one and no other
    bool with_settings = true;   // of a recorded host with its own policies nobody knows memhotd.conf
    bool with_knobs = true;   // nor of any recorded one what memhotd set
};

struct PolicyFiles {
    memhot::policy::LoadedPolicies policies;
    memhot::config::LoadedSettings settings;
    memhot::journal::OwnKnobs own_knobs;   // what memhotd set of the kernel's, as far as one may read that
};
PolicyFiles read_policies(const PolicyRequest& request);

// Neighbouring memory blocks of which the same is decided, or one device.
struct DecidedThing {
    std::uint64_t count = 1;
    std::uint64_t last_block = 0;
    memhot::policy::Subject subject;   // the first one
    memhot::policy::Decision decision;
};

struct PolicyAnswer {
    std::vector<DecidedThing> things;
    memhot::policy::DevicePlan plan;   // of all memory blocks among them, and of those that their devices have or get
};

// thing: as of `show`, or a dax device or namespace; absent: all of the host. An error where there is no such thing.
memhot::Result<PolicyAnswer> ask_policies(const PolicyFiles& files, const Host& host,
                                          const std::optional<std::string>& thing);

}   // namespace memhotctl
