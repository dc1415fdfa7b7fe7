// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The document "memhot-plan/1", read: of a file that a user kept, or of a journal after a crash.
#include <fmt/format.h>

#include <algorithm>

#include "memhot/plan.hpp"
#include "units/json_object.hpp"

namespace memhot {

namespace {

using units::Json;
using units::JsonObject;

// to_json() writes 2.4 to 2.8 KB for a step that is one memory block, to_compact_json() 0.8: 380,000 blocks, or over a
// million.
constexpr units::JsonLimits kLimits{.bytes = 1ULL << 30, .depth = 32};
constexpr std::size_t kMostSteps = 1U << 24;

// The enumerator of that name; the first one, and a failure, where there is none.
template <class Enum, class Name>
Enum named(JsonObject& object, const char* field, std::size_t count, Name name) {
    const std::string text = object.text(field);
    for (std::size_t i = 0; i < count; ++i) {
        if (text == name(static_cast<Enum>(i))) return static_cast<Enum>(i);
    }
    if (!object.failed()) object.fail(field, fmt::format("\"{}\" is not known", text));
    return Enum{};
}

std::vector<std::string> texts(JsonObject& object, const char* field) {
    std::vector<std::string> out;
    const Json* array = object.array(field);
    if (array == nullptr) return out;
    for (const auto& item : *array) {
        if (!item.is_string()) {
            object.fail(field, "expected strings");
            break;
        }
        out.push_back(item.get<std::string>());
    }
    return out;
}

// Each object of the array as `read` makes it.
template <class T>
std::vector<T> objects(JsonObject& object, const char* field, T (*read)(JsonObject&)) {
    std::vector<T> out;
    const Json* array = object.array(field);
    if (array == nullptr) return out;
    for (const auto& item : *array) {
        JsonObject one(item, fmt::format("{}[{}]", object.path_of(field), out.size()));
        out.push_back(read(one));
        object.adopt(one.status());
        if (object.failed()) break;
    }
    return out;
}

WriteAction read_write(JsonObject& object) { return {.path = object.text("path"), .text = object.text("text")}; }

SaveAction read_save(JsonObject& object) {
    const std::string what = object.text("what");
    if (what != "labels" && what != "info_block") object.fail("what", "expected labels or info_block");
    return {what == "labels" ? SaveAction::What::labels : SaveAction::What::info_block, object.text("device")};
}

CommandLine read_command(JsonObject& object) {
    return {object.text("program"), object.text("verb"), texts(object, "arguments")};
}

Action read_action(JsonObject& object) {
    const std::string kind = object.text("kind");
    if (kind == "write") return read_write(object);
    if (kind == "save") return read_save(object);
    if (kind != "command") object.fail("kind", "expected write, save or command");
    return read_command(object);
}

Cost read_cost(JsonObject& object) {
    return {object.number("memmap"), object.number("memmap_freed"), object.number("memory_gained"),
            object.number("memory_lost")};
}

Fact read_fact(JsonObject& object) {
    const auto kind = named<Fact::Kind>(object, "kind", kFactKinds, [](Fact::Kind one) { return to_string(one); });
    return {kind, object.text("name"), object.text("value")};
}

DataLoss read_loss(JsonObject& object) { return {object.text("device"), object.number("bytes"), object.text("what")}; }

Refusal read_refusal(JsonObject& object) {
    const std::string id = object.text("rule");
    const auto known = std::ranges::find(rules(), id, &Rule::id);
    if (known == rules().end()) {
        object.fail("rule", fmt::format("\"{}\" is not known", id));
        return {};
    }
    return {known->rule, object.text("text")};
}

PlanStep read_step(JsonObject& object) {
    PlanStep step;
    if (const Json* action = object.object("action")) {
        JsonObject one(*action, object.path_of("action"));
        step.action = read_action(one);
        object.adopt(one.status());
    }
    if (const Json* cost = object.object("cost")) {
        JsonObject one(*cost, object.path_of("cost"));
        step.cost = read_cost(one);
        object.adopt(one.status());
    }
    step.would = object.text("would");
    step.did = object.text("did");
    step.block = object.find_number("block");
    step.reason = object.find_text("reason").value_or("");
    step.no_undo = object.find_text("no_undo").value_or("");
    step.takes_back = object.find_number("takes_back");
    step.undo_differs = object.find_text("undo_differs").value_or("");
    step.destroys = objects(object, "destroys", read_loss);
    if (object.has("undo_destroys")) step.undo_destroys = objects(object, "undo_destroys", read_loss);
    step.creates = object.find_text("creates").value_or("");
    if (const Json* replaces = object.has("replaces") ? object.object("replaces") : nullptr) {
        JsonObject one(*replaces, object.path_of("replaces"));
        step.replaces = read_fact(one);
        object.adopt(one.status());
    }
    step.undo = objects(object, "undo", read_action);
    step.before = objects(object, "before", read_fact);
    step.after = objects(object, "after", read_fact);
    if (const Json* depends = object.array("depends_on")) {
        for (const auto& index : *depends) {
            if (!index.is_number_unsigned()) {
                object.fail("depends_on", "expected numbers of steps");
                break;
            }
            step.depends_on.push_back(index.get<std::size_t>());
        }
    }
    return step;
}

Wish read_wish(JsonObject& object) {
    Wish wish;
    wish.verb = named<PlanVerb>(object, "verb", static_cast<std::size_t>(PlanVerb::count_),
                                [](PlanVerb one) { return to_string(one); });
    wish.things = texts(object, "things");
    wish.options = texts(object, "options");
    wish.zone = named<WantedZone>(object, "zone", 3, [](WantedZone one) { return to_string(one); });
    wish.ratio = static_cast<unsigned>(object.number("ratio", 1'000'000));
    return wish;
}

// What no step may be: undone or done before one that it needs.
Status check_order(const Plan& plan) {
    if (plan.steps.size() > kMostSteps) return bad_input("steps: more than a plan can have");
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const auto& depends = plan.steps[i].depends_on;
        if (std::ranges::any_of(depends, [i](std::size_t on) { return on >= i; }))
            return bad_input(fmt::format("steps[{}]: depends on a step that does not come before it", i));
        if (plan.steps[i].takes_back && *plan.steps[i].takes_back >= i)
            return bad_input(fmt::format("steps[{}]: takes back a step that does not come before it", i));
    }
    return Done{};
}

}   // namespace

Result<Plan> plan_from_json(std::string_view text) {
    const auto json = units::parse_json(text, kLimits);
    if (!json) return json.error();
    JsonObject object(*json, "");
    if (object.text("format") != kPlanFormat) return bad_input(fmt::format("format: expected \"{}\"", kPlanFormat));
    Plan plan;
    if (const Json* wish = object.object("wish")) {
        JsonObject one(*wish, "wish");
        plan.wish = read_wish(one);
        object.adopt(one.status());
    }
    plan.host = object.text("host");
    plan.kernel = object.text("kernel");
    plan.notes = texts(object, "notes");
    plan.refusals = objects(object, "refusals", read_refusal);
    plan.steps = objects(object, "steps", read_step);
    plan.facts = objects(object, "facts", read_fact);
    if (const auto status = object.status(); !status) return status.error();
    if (const auto order = check_order(plan); !order) return order.error();
    return plan;
}

}   // namespace memhot
