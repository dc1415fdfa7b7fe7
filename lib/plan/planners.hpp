// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One planner a verb; each adds the steps, asks the interlocks and says what it chose. The table is in plan.cpp.
#pragma once

#include "plan/builder.hpp"

namespace memhot::plan {

Status plan_online(Builder& builder);
Status plan_offline(Builder& builder);
Status plan_remove(Builder& builder);
Status plan_probe(Builder& builder);
Status plan_namespace_create(Builder& builder);
Status plan_namespace_reconfigure(Builder& builder);
Status plan_namespace_destroy(Builder& builder);
Status plan_namespace_enable(Builder& builder);
Status plan_namespace_disable(Builder& builder);
Status plan_dax_reconfigure(Builder& builder);
Status plan_dax_online(Builder& builder);
Status plan_dax_offline(Builder& builder);
Status plan_dax_create(Builder& builder);
Status plan_dax_destroy(Builder& builder);

}   // namespace memhot::plan
