// SPDX-License-Identifier: GPL-2.0-or-later
//
// kill -9 at any moment of any golden plan: the host stays as it is then, and the job is gone on with or rolled back.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <random>

#include "golden_plans.hpp"

namespace memhot::execute {
namespace {

// SIGKILL for this process, from the kernel: another process would wake too late for what takes a millisecond.
void die_in(std::chrono::nanoseconds time) {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    timer_t timer{};
    itimerspec when{};
    when.it_value.tv_sec = time.count() / 1'000'000'000;
    when.it_value.tv_nsec = std::max<long>(time.count() % 1'000'000'000, 1);
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || ::timer_settime(timer, 0, &when, nullptr) != 0)
        ::_exit(2);
}

// When a process dies: so long behind one of the questions to its host.
struct Death {
    std::size_t question = 0;
    std::chrono::nanoseconds behind{};
};

// The simulated host dies with its process, a real one does not: what is asked of it stands in a file, a "+" and the action
// before it is done, a "-" behind it.
class NotedHost : public CaseHost {
public:
    NotedHost(const Case& one, const std::string& path, Death death)
        : CaseHost(one), file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)), death_(death) {}

    Attempt carry_out(const Action& action) override {
        question();
        note("+" + to_string(action) + "\n");
        take(action);
        note("-\n");
        return {};
    }
    Result<std::optional<std::string>> look(const Fact& fact) override {
        question();
        return CaseHost::look(fact);
    }

    std::size_t questions = 0;

private:
    void question() {
        if (questions++ == death_.question) die_in(death_.behind);
    }
    void note(const std::string& line) {
        if (::write(file_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(1);
    }
    journal::Descriptor file_;
    Death death_;
};

struct Noted {
    std::vector<Action> actions;
    bool last_in_doubt = false;   // nobody noted its end
};

Noted noted(const Plan& plan, const std::string& path) {
    std::map<std::string, Action> known;
    for (const auto& step : plan.steps) {
        known[to_string(step.action)] = step.action;
        for (const auto& action : step.undo) known[to_string(action)] = action;
    }
    Noted out;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        EXPECT_EQ(out.last_in_doubt, line == "-") << "one at a time";
        out.last_in_doubt = line != "-";
        if (!out.last_in_doubt) continue;
        const auto uuid = line.find(" --uuid=");   // of a namespace that is created
        out.actions.push_back(known.at(line.substr(1, uuid == std::string::npos ? uuid : uuid - 1)));
        if (uuid != std::string::npos)
            std::get<CommandLine>(out.actions.back()).arguments.push_back(line.substr(uuid + 1));
    }
    return out;
}

class RandomKills : public GoldenPlans {
protected:
    // How many questions a job asks that nobody kills.
    std::size_t questions_of(const Case& one) {
        NotedHost host(one, top + "/noted", {.question = SIZE_MAX});
        run(host, one);
        forget_all();
        return host.questions;
    }
    void forget_all() {
        forget();
        fs::remove(top + "/noted");
    }
    // Whether it was killed.
    bool run_until(const Case& one, Death death) {
        const pid_t child = ::fork();
        if (child == 0) {
            NotedHost host(one, top + "/noted", death);
            run(host, one);
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0) << one.file;
        return WIFSIGNALED(status);
    }
    // What the journal says, held against what was asked of the host.
    Died died(const Case& one, const journal::Job& job, const Noted& asked, bool happened, const std::string& what) {
        Died out;
        while (state_of(job, out.done) == StepState::done) ++out.done;
        if (state_of(job, out.done) == StepState::unknown) {
            // Intended, and then asked for or not; where its end is noted it is done.
            const bool begun = asked.actions.size() > out.done;
            const bool done = begun && (!asked.last_in_doubt || happened);
            out.doubt = done ? Died::Doubt::done : Died::Doubt::not_done;
        }
        const std::size_t touched = out.done + (out.doubt == Died::Doubt::none ? 0 : 1);
        for (std::size_t i = touched; i < one.plan.steps.size(); ++i)
            EXPECT_EQ(state_of(job, i), StepState::untouched) << what << ", step " << i + 1;
        EXPECT_GE(asked.actions.size(), out.done) << what << ": nothing is lost";
        EXPECT_LE(asked.actions.size(), touched) << what << ": nothing is done that was not intended";
        for (std::size_t i = 0; i < asked.actions.size() && i < one.plan.steps.size(); ++i)
            EXPECT_EQ(without_uuid(asked.actions[i]), one.plan.steps[i].action) << what << ": nothing is done twice";
        if (asked.last_in_doubt) {
            EXPECT_EQ(asked.actions.size(), touched) << what << ": what the host was at is not written as done";
        }
        return out;
    }
};

TEST_F(RandomKills, five_hundred_are_gone_on_with_or_rolled_back) {
    const auto all = cases();
    std::vector<std::size_t> questions;
    for (const auto& one : all) questions.push_back(questions_of(one));
    std::mt19937 random(1790);
    std::uniform_int_distribution<long> nanoseconds(
        0, 150'000);   // about what lies between two questions, with the journal
    std::map<std::string, std::size_t> seen;
    for (std::size_t kill = 0; seen["killed"] < 500 && kill < 5000; ++kill) {
        const Case& one = all[kill % all.size()];
        const std::string what = one.file + ", kill " + std::to_string(kill);
        forget_all();
        const Death death{random() % questions[kill % all.size()], std::chrono::nanoseconds(nanoseconds(random))};
        const bool killed = run_until(one, death);
        seen[killed ? "killed" : "not killed in time"]++;
        const Noted asked = noted(one.plan, top + "/noted");
        const auto reading = journal::read_journal(top + "/state");
        ASSERT_TRUE(reading.ok() && reading->damaged.empty()) << what;
        const auto jobs = journal::jobs_of(reading->entries);
        if (jobs.empty()) {
            EXPECT_TRUE(killed && asked.actions.empty()) << what << ": what nobody wrote down was not begun";
            seen["before it began"]++;
            continue;
        }
        ASSERT_EQ(jobs.back().contradiction, "") << what;
        const journal::Job job = jobs.back();
        const bool happened = random() % 2 == 0;   // what the host was at when the process died
        const Died where = died(one, job, asked, happened, what);
        CaseHost host(one);
        for (std::size_t i = 0; i < where.on_host(); ++i) host.take(asked.actions.at(i));
        host.taken.clear();
        const bool go_on = kill / all.size() % 2 == 0;
        if (job.interrupted() && where.doubt != Died::Doubt::none) seen["in doubt"]++;
        if (job.interrupted() && go_on) {
            seen["gone on with"]++;
            expect_finished(one.plan, where, finish(host, one.plan, job), host, what);
        } else {
            seen[job.interrupted() ? "rolled back" : "rolled back behind its end"]++;
            expect_rolled_back(one.plan, rolled_back(one.plan, where), undo(host, one.plan, job), host, what);
        }
    }
    for (const auto& [name, count] : seen) RecordProperty(name, static_cast<int>(count));
    EXPECT_EQ(seen["killed"], 500U);
    // They came neither too early nor too late to show anything.
    EXPECT_GE(seen["gone on with"], 10U);
    EXPECT_GE(seen["rolled back"], 10U);
    EXPECT_GE(seen["in doubt"], 10U);
}

}   // namespace
}   // namespace memhot::execute
