// SPDX-License-Identifier: GPL-2.0-or-later
//
// polkit, asked over the bus without waiting. The subject is the caller's name on the bus, which nobody can take over.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace sdbus {
class IConnection;
class IProxy;
}   // namespace sdbus

namespace memhot::bus {

struct AuthorityAnswer {
    bool authorized = false;
    std::string why;   // not
};

class Authority {
public:
    explicit Authority(sdbus::IConnection& connection);
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;
    ~Authority();

    using Then = std::function<void(AuthorityAnswer)>;
    // details: what the person is shown beside the action's own text. Where polkit does not answer the answer is no.
    void ask(const std::string& sender, std::string_view action, const std::map<std::string, std::string>& details,
             bool interactive, Then then);

private:
    std::unique_ptr<sdbus::IProxy> proxy_;
    std::shared_ptr<bool> alive_;
};

}   // namespace memhot::bus
