// SPDX-License-Identifier: GPL-2.0-or-later
//
// What Plan, Apply, Undo and Finish do once their caller may: a plan is made and kept for him, a job is begun.
#pragma once

#include <string>
#include <vector>

#include "dbus/objects.hpp"

namespace memhot::bus {

// Options that a method does not have are mistakes: what was meant would not be done.
service::Answer<Done> only(const Asked& asked, std::initializer_list<std::string_view> known);

using PlanReply = Reply<std::string, std::string>;   // its name, its JSON
void make_plan(World& world, const Call& call, const std::vector<std::string>& words, const PlanReply& reply);

using JobReply = Reply<sdbus::ObjectPath>;
// plan: what the caller named; it is used up by a job, and of no use where it is stale.
void begin_job(World& world, service::JobOrder order, const Asked& asked, const JobReply& reply,
               const std::string& plan = "");

}   // namespace memhot::bus
