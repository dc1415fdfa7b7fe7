// SPDX-License-Identifier: GPL-2.0-or-later
#include "dbus/job_calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "dbus/later.hpp"

namespace memhot::bus {

namespace {

using service::Answer;
using service::fail;
namespace error_name = service::error_name;

// A step of a plan takes 2.4 to 2.7 KB with its verdict.
constexpr std::size_t kMostSteps = kLongestAnswer / 2500;
// Nobody waits longer for one step.
constexpr std::uint64_t kLongestTimeout = std::uint64_t{7} * 24 * 3600 * 1'000'000;

service::Plans::Owner owner_of(const Call& call) { return {call.sender, call.user}; }

service::Plans::Limits limits_of(const World& world, const Call& call) {
    service::Plans::Limits limits;
    limits.of_owner = world.service.settings().plans_per_sender;
    limits.of_user = call.trusted ? std::numeric_limits<std::uint64_t>::max() : limits.of_owner * kConnectionsOfUser;
    return limits;
}

// What is kept for a caller goes with it, and nothing is kept for one that has gone: false.
bool watch(World& world, const std::string& sender) {
    if (world.watches.contains(sender)) return true;
    auto watch = world.connection.watch(sender, [&world, sender] {
        world.service.plans().release(sender);
        world.watches.erase(sender);
    });
    if (!world.connection.is_there(sender)) return false;
    world.watches[sender] = std::move(watch);
    return true;
}

void keep(World& world, const Call& call, Answer<service::questions::MadePlan> made, const PlanReply& reply) {
    if (!made) return reply.error(made.error());
    if (made->steps > kMostSteps || made->json.size() > kLongestAnswer) {
        return reply.error(
            {error_name::kLimitExceeded,
             fmt::format("the plan has more steps than a message holds (about {}); ask about less", kMostSteps)});
    }
    if (!watch(world, call.sender)) return;
    const auto name =
        world.service.plans().keep(owner_of(call), {made->json, made->wish, made->what}, limits_of(world, call));
    if (!name) return reply.error(name.error());
    reply(*name, made->json);
}

Answer<std::uint64_t> timeout_of(const World& world, const Asked& asked) {
    const auto given = asked.options.find("timeout");
    if (given == asked.options.end()) return world.service.settings().busy_timeout;
    const auto value = parse_number(given->second);
    if (value && *value <= kLongestTimeout) return *value;
    return fail(error_name::kBadInput, "timeout: expected microseconds, at most a week");
}

}   // namespace

Answer<Done> only(const Asked& asked, std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : asked.options) {
        if (std::find(known.begin(), known.end(), name) == known.end())
            return fail(error_name::kBadInput, "there is no option " + name + " here");
    }
    return Done{};
}

void make_plan(World& world, const Call& call, const std::vector<std::string>& words, const PlanReply& reply) {
    if (auto room = world.service.plans().has_room(owner_of(call), limits_of(world, call)); !room)
        return reply.error(room.error());
    using Made = service::questions::MadePlan;
    think<Made>(
        world.service, call, true,
        [words](const service::Asker::HostNow& host, const std::atomic<bool>& stop) -> Result<Made> {
            if (!host) return host.error();
            return service::questions::plan(**host, words, {.steps = kMostSteps, .stop = &stop});
        },
        [&world, call, reply](Answer<Made> made) { keep(world, call, std::move(made), reply); });
}

void begin_job(World& world, service::JobOrder order, const Asked& asked, const JobReply& reply,
               const std::string& plan) {
    if (!asked.call.trusted) order.user = asked.call.user;
    order.accept = asked.accept;
    order.all_or_nothing = asked.options.contains("all-or-nothing");
    const auto timeout = timeout_of(world, asked);
    if (!timeout) return reply.error(timeout.error());
    order.timeout = *timeout;
    order.history = world.service.settings().job_history;
    world.service.jobs().begin(std::move(order), asked.call.sender, world.service.settings().jobs_per_sender,
                               [&world, reply, sender = asked.call.sender, plan](const Answer<std::string>& id) {
                                   if (id || id.error().name == error_name::kStale)
                                       world.service.plans().drop(sender, plan);
                                   if (!id) return reply.error(id.error());
                                   reply(sdbus::ObjectPath(job_path(*id)));
                               });
}

}   // namespace memhot::bus
