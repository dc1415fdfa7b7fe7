// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every step of every golden plan fails once and is killed once. Afterwards journal, host and report agree: what is
// written as done is done, once, and nothing else; the job can be finished or undone, or says what nobody knows.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <set>

#include "golden_plans.hpp"

namespace memhot::execute {
namespace {

// A simulated host on which one step of the plan meets something.
class Stumbling : public CaseHost {
public:
    enum class How : std::uint8_t { never, fails, dies_before, dies_behind };

    Stumbling(const Case& one, How how, std::size_t at) : CaseHost(one), how_(how), at_(at) {}

    Attempt carry_out(const Action& action) override {
        const bool here = asked_++ == at_;
        if (here && how_ == How::fails) return {EIO, "injected"};
        if (here && how_ == How::dies_before) ::raise(SIGKILL);
        take(action);
        if (here && how_ == How::dies_behind) ::raise(SIGKILL);
        return {};
    }

private:
    How how_;
    std::size_t at_;
    std::size_t asked_ = 0;
};

// The first `count` steps done, and nothing else.
Stumbling done_until(const Case& one, std::size_t count) {
    Stumbling out(one, Stumbling::How::never, 0);
    for (std::size_t i = 0; i < count; ++i) out.take(one.plan.steps[i].action);
    out.taken.clear();
    return out;
}

class EveryPlan : public GoldenPlans {
protected:
    // What the journal says of a job whose process was killed at that step.
    journal::Job killed(const Case& one, Stumbling::How how, std::size_t at) {
        const pid_t child = ::fork();
        if (child == 0) {
            Stumbling host(one, how, at);
            run(host, one);
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << one.file << " step " << at + 1;
        const journal::Job job = written();
        EXPECT_TRUE(job.interrupted()) << one.file;
        for (std::size_t i = 0; i < one.plan.steps.size(); ++i) {
            const StepState expected = i < at ? StepState::done : i == at ? StepState::unknown : StepState::untouched;
            EXPECT_EQ(state_of(job, i), expected) << one.file << " step " << at + 1;
        }
        return job;
    }
};

void expect_same_step(const PlanStep& was, const PlanStep& is, const std::string& what) {
    EXPECT_EQ(was.action, is.action) << what;
    EXPECT_EQ(was.would, is.would) << what;
    EXPECT_EQ(was.did, is.did) << what;
    EXPECT_EQ(was.block, is.block) << what;
    EXPECT_EQ(was.reason, is.reason) << what;
    EXPECT_EQ(was.cost, is.cost) << what;
    EXPECT_EQ(was.destroys, is.destroys) << what;
    EXPECT_EQ(was.undo, is.undo) << what;
    EXPECT_EQ(was.no_undo, is.no_undo) << what;
    EXPECT_EQ(was.undo_destroys, is.undo_destroys) << what;
    EXPECT_EQ(was.undo_differs, is.undo_differs) << what;
    EXPECT_EQ(was.takes_back, is.takes_back) << what;
    EXPECT_EQ(was.creates, is.creates) << what;
    EXPECT_EQ(was.replaces, is.replaces) << what;
    EXPECT_EQ(was.before, is.before) << what;
    EXPECT_EQ(was.after, is.after) << what;
    EXPECT_EQ(was.depends_on, is.depends_on) << what;
}

// Both documents; and there is a plan that has each field, so that none is compared by its absence alone.
TEST_F(EveryPlan, read_back_from_its_JSON_is_the_same) {
    const auto all = cases();
    EXPECT_GE(all.size(), 25U);
    std::map<std::string, std::size_t> seen;
    for (const auto& one : all) {
        for (const auto& document : {to_json(one.plan), to_compact_json(one.plan)}) {
            const auto read = plan_from_json(document);
            ASSERT_TRUE(read.ok()) << one.file << ": " << read.error().message();
            EXPECT_EQ(read->wish, one.plan.wish) << one.file;
            EXPECT_EQ(read->host, one.plan.host) << one.file;
            EXPECT_EQ(read->kernel, one.plan.kernel) << one.file;
            EXPECT_EQ(read->notes, one.plan.notes) << one.file;
            EXPECT_EQ(read->facts, one.plan.facts) << one.file;
            ASSERT_EQ(read->steps.size(), one.plan.steps.size()) << one.file;
            for (std::size_t i = 0; i < one.plan.steps.size(); ++i)
                expect_same_step(one.plan.steps[i], read->steps[i], one.file);
        }
        for (const auto& step : one.plan.steps) {
            seen["block"] += step.block ? 1U : 0U;
            seen["reason"] += step.reason.empty() ? 0U : 1U;
            seen["destroys"] += step.destroys.empty() ? 0U : 1U;
            seen["no_undo"] += step.no_undo.empty() ? 0U : 1U;
            seen["undo_destroys"] += step.undo_destroys.empty() ? 0U : 1U;
            seen["undo_differs"] += step.undo_differs.empty() ? 0U : 1U;
            seen["takes_back"] += step.takes_back ? 1U : 0U;
            seen["creates"] += step.creates.empty() ? 0U : 1U;
            seen["replaces"] += step.replaces ? 1U : 0U;
            seen["depends_on"] += step.depends_on.empty() ? 0U : 1U;
        }
    }
    for (const auto& [field, count] : seen) EXPECT_GT(count, 0U) << field;
}

// What a journal keeps is what is read back, and no more: no verdicts, which are most of a plan, and no blanks.
TEST_F(EveryPlan, has_a_compact_document_without_verdicts) {
    for (const auto& one : cases()) {
        const std::string compact = to_compact_json(one.plan);
        EXPECT_EQ(compact.find("\"verdict\""), std::string::npos) << one.file;
        EXPECT_EQ(compact.find('\n'), std::string::npos) << one.file;
        EXPECT_LT(compact.size(), to_json(one.plan).size() * 2 / 3) << one.file;
    }
}

// Steps that hold something for the time of the plan, which ends at step `at`: they are undone.
std::vector<std::size_t> held_at(const Plan& plan, std::size_t at) {
    std::vector<std::size_t> out;
    for (std::size_t i = at; i < plan.steps.size(); ++i) {
        if (plan.steps[i].takes_back && *plan.steps[i].takes_back < at) out.push_back(*plan.steps[i].takes_back);
    }
    return out;
}

bool changes_a_block(const PlanStep& step) {
    return step.block && to_string(step.action).ends_with("/memory" + std::to_string(*step.block) + "/state");
}

// Steps that are done all the same where that one fails: other blocks, where only blocks are left to be changed.
std::set<std::size_t> tried_behind(const Plan& plan, std::size_t at) {
    std::set<std::size_t> out;
    for (std::size_t i = at; i < plan.steps.size(); ++i) {
        if (plan.steps[i].takes_back) continue;
        if (!changes_a_block(plan.steps[i])) return {};
        const auto& needs = plan.steps[i].depends_on;
        if (i != at && std::ranges::find(needs, at) == needs.end()) out.insert(i);
    }
    return out;
}

TEST_F(EveryPlan, fails_once_at_each_step) {
    std::size_t went_on = 0;
    for (const auto& one : cases()) {
        for (std::size_t at = 0; at < one.plan.steps.size(); ++at) {
            const std::string what = one.file + " step " + std::to_string(at + 1);
            Stumbling host(one, Stumbling::How::fails, at);
            const JobResult result = run(host, one);
            const journal::Job job = written();
            const auto held = held_at(one.plan, at);
            const auto behind = tried_behind(one.plan, at);
            went_on += behind.size();
            bool changed = false;   // a copy in the job's directory is no change
            for (std::size_t i = 0; i < one.plan.steps.size(); ++i) {
                const bool undone = std::ranges::find(held, i) != held.end();
                const StepState expected = undone                         ? StepState::undone
                                           : i < at || behind.contains(i) ? StepState::done
                                           : i == at                      ? StepState::failed
                                                                          : StepState::untouched;
                const bool save = std::holds_alternative<SaveAction>(one.plan.steps[i].action);
                changed = changed || (expected == StepState::done && !save);
                EXPECT_EQ(result.steps[i].state, expected) << what;
                EXPECT_EQ(state_of(job, i), expected) << what;
            }
            EXPECT_EQ(host.taken.size(), at + behind.size() + held.size()) << what << ": nothing twice";
            EXPECT_EQ(result.exit_status(), changed ? 6 : 5) << what;
            auto expected = done_until(one, at);
            for (const auto step : behind) expected.take(one.plan.steps[step].action);
            for (const auto step : held) expected.take(one.plan.steps[step].undo.front());
            expect_same(one.plan, host, expected, what);
            forget();
        }
    }
    EXPECT_GE(went_on, 100U);
}

TEST_F(EveryPlan, all_or_nothing_goes_back_as_far_as_there_is_a_way) {
    std::size_t whole = 0;
    std::size_t kept = 0;
    for (const auto& one : cases()) {
        for (std::size_t at = 0; at < one.plan.steps.size(); ++at) {
            const std::string what = one.file + " step " + std::to_string(at + 1);
            Stumbling host(one, Stumbling::How::fails, at);
            const JobResult result = run(host, one, true);
            const journal::Job job = written();
            const RolledBack expected = rolled_back(one.plan, {at, Died::Doubt::none});
            for (std::size_t i = 0; i < at; ++i) {
                EXPECT_EQ(result.steps[i].state, expected.states[i]) << what;
                EXPECT_EQ(state_of(job, i), expected.states[i]) << what;
            }
            EXPECT_EQ(result.end, expected.whole() ? JobEnd::undone : JobEnd::failed) << what;
            EXPECT_EQ(result.exit_status(), expected.whole() ? 5 : 6) << what;
            expect_only(one.plan, expected.stays, host, what);
            ++(expected.whole() ? whole : kept);
            forget();
        }
    }
    EXPECT_GE(whole, 100U);
    EXPECT_GE(kept, 3U);
}

TEST_F(EveryPlan, killed_at_each_step_is_finished_without_doing_anything_twice) {
    for (const auto& one : cases()) {
        for (std::size_t at = 0; at < one.plan.steps.size(); ++at) {
            for (const bool happened : {false, true}) {
                const std::string what = one.file + " step " + std::to_string(at + 1);
                const journal::Job job =
                    killed(one, happened ? Stumbling::How::dies_behind : Stumbling::How::dies_before, at);
                const auto kept = plan_from_json(job.plan);
                ASSERT_TRUE(kept.ok()) << what;
                auto host = done_until(one, at + (happened ? 1 : 0));
                const JobResult result = finish(host, *kept, job);
                expect_finished(one.plan, {at, happened ? Died::Doubt::done : Died::Doubt::not_done}, result, host,
                                what);
                forget();
            }
        }
    }
}

// What of a plan has no way back: probed memory stays until reboot, what was destroyed is gone.
const std::vector<std::string> kNoWayBack{"dimm-probe",
                                          "dimm-probe-movable",
                                          "dimm-probe-no-ram",
                                          "dimm-probe-policy-same",
                                          "dimm-probe-range",
                                          "guest-probe-1g",
                                          "labels-none",
                                          "labels-reconfigure",
                                          "nvdimm-destroy",
                                          "nvdimm-destroy-kmem-offline",
                                          "nvdimm-destroy-kmem-policy",
                                          "nvdimm-destroy-legacy",
                                          "nvdimm-reconfigure-devdax",
                                          "nvdimm-reconfigure-raw",
                                          "nvdimm-reconfigure-same-mode",
                                          "nvdimm-reconfigure-sector",
                                          "nvdimm-reconfigure-smaller"};

TEST_F(EveryPlan, killed_at_each_step_is_undone_or_says_what_nobody_knows) {
    std::size_t whole = 0;
    std::set<std::string> kept;   // plans of which something stays
    for (const auto& one : cases()) {
        for (std::size_t at = 0; at < one.plan.steps.size(); ++at) {
            for (const bool happened : {false, true}) {
                const std::string what =
                    one.file + " step " + std::to_string(at + 1) + (happened ? ", which was done" : ", not done");
                const journal::Job job =
                    killed(one, happened ? Stumbling::How::dies_behind : Stumbling::How::dies_before, at);
                auto host = done_until(one, at + (happened ? 1 : 0));
                const JobResult result = undo(host, one.plan, job);
                const RolledBack expected =
                    rolled_back(one.plan, {at, happened ? Died::Doubt::done : Died::Doubt::not_done});
                expect_rolled_back(one.plan, expected, result, host, what);
                if (expected.whole()) ++whole;
                if (!expected.whole()) kept.insert(one.file);
                forget();
            }
        }
    }
    EXPECT_GE(whole, 100U);
    EXPECT_EQ(std::vector(kept.begin(), kept.end()), kNoWayBack);
}

std::size_t changes_in(const std::vector<Action>& actions) {
    return static_cast<std::size_t>(std::ranges::count_if(
        actions, [](const Action& action) { return !std::holds_alternative<SaveAction>(action); }));
}

// Whatever the undo had done when the process died is not done again, and in the end the host is as an undo leaves it that
// nobody killed.
TEST_F(EveryPlan, killed_while_it_is_rolled_back_is_rolled_back_again) {
    std::size_t kills = 0;
    for (const auto& one : cases()) {
        const auto undo = [&](Target& host) { return EveryPlan::undo(host, one.plan, written()); };
        const auto run_whole = [&](Stumbling::How how, std::size_t at) {
            forget();
            Stumbling first(one, Stumbling::How::never, 0);
            EXPECT_EQ(run(first, one).end, JobEnd::done) << one.file;
            Stumbling host(one, how, at);
            for (const auto& step : one.plan.steps) host.take(step.action);
            host.taken.clear();
            return host;
        };
        auto whole = run_whole(Stumbling::How::never, 0);
        const JobResult wanted = undo(whole);
        for (std::size_t at = 0; at < whole.taken.size(); ++at) {
            for (const auto how : {Stumbling::How::dies_before, Stumbling::How::dies_behind}) {
                const std::string what = one.file + " undo " + std::to_string(at + 1);
                auto dying = run_whole(how, at);
                const pid_t child = ::fork();
                if (child == 0) {
                    undo(dying);
                    ::_exit(0);
                }
                int status = 0;
                ::waitpid(child, &status, 0);
                ASSERT_TRUE(WIFSIGNALED(status)) << what;
                EXPECT_EQ(written().contradiction, "") << what;
                auto host = done_until(one, one.plan.steps.size());
                const std::size_t happened = at + (how == Stumbling::How::dies_behind ? 1 : 0);
                for (std::size_t i = 0; i < happened; ++i) host.take(whole.taken[i]);
                const std::size_t changed = changes_in(host.taken);
                const JobResult result = undo(host);
                EXPECT_EQ(result.exit_status(), wanted.exit_status()) << what << ": " << result.text;
                EXPECT_EQ(changes_in(host.taken), changes_in(whole.taken)) << what << ", " << changed << " before";
                expect_same(one.plan, host, whole, what);
                EXPECT_EQ(written().contradiction, "") << what;
                ++kills;
            }
        }
        forget();
    }
    EXPECT_GE(kills, 100U);
}

// What lives in memory alone is gone: onlined blocks, held policies, drivers of dax devices. Namespaces stay, so those plans
// are not looked at here.
bool is_gone_by_reboot(const Case& one) {
    return std::ranges::none_of(one.plan.steps, [](const PlanStep& step) {
        const auto* command = std::get_if<CommandLine>(&step.action);
        return command != nullptr &&
               (command->program == "ndctl" || command->verb == "create-device" || command->verb == "destroy-device");
    });
}

class Rebooted : public EveryPlan {
protected:
    // check(case, step, job, host): killed behind each step of each such plan, and rebooted.
    template <class Check>
    void behind_each_step(Check check) {
        std::size_t looked_at = 0;
        for (const auto& one : cases()) {
            if (!is_gone_by_reboot(one)) continue;
            for (std::size_t at = 0; at < one.plan.steps.size(); ++at) {
                const journal::Job job = killed(one, Stumbling::How::dies_behind, at);
                auto rebooted = done_until(one, 0);
                check(one, at, job, rebooted);
                ++looked_at;
                forget();
            }
        }
        EXPECT_GE(looked_at, 40U);
    }
};

std::string words_for(const Case& one, std::size_t at) { return one.file + " step " + std::to_string(at + 1); }

TEST_F(Rebooted, is_done_from_its_beginning) {
    behind_each_step([&](const Case& one, std::size_t at, const journal::Job& job, Stumbling& rebooted) {
        const std::string what = words_for(one, at);
        const JobResult result = finish(rebooted, one.plan, job);
        EXPECT_EQ(result.end, JobEnd::done) << what << ": " << result.text;
        EXPECT_EQ(rebooted.taken.size(), one.plan.steps.size()) << what;
        auto whole = done_until(one, one.plan.steps.size());
        expect_same(one.plan, rebooted, whole, what);
        EXPECT_EQ(written().contradiction, "") << what;
    });
}

// The reboot has undone it all: nothing is written to the host, and nothing stays.
TEST_F(Rebooted, has_nothing_to_undo) {
    behind_each_step([&](const Case& one, std::size_t at, const journal::Job& job, Stumbling& rebooted) {
        const std::string what = words_for(one, at);
        const JobResult result = undo(rebooted, one.plan, job);
        EXPECT_TRUE(rebooted.taken.empty()) << what;
        RolledBack expected{std::vector(one.plan.steps.size(), StepState::untouched),
                            std::vector<bool>(one.plan.steps.size())};
        for (std::size_t i = 0; i < at; ++i) expected.states[i] = StepState::undone;
        expect_rolled_back(one.plan, expected, result, rebooted, what);
    });
}

}   // namespace
}   // namespace memhot::execute
