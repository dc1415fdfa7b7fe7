// SPDX-License-Identifier: GPL-2.0-or-later
//
// Questions that take long are thought about in a thread of their own, one after the other, each of another user than the
// one before as long as several wait. What a question sees of the host nobody changes; all else here is for the loop's
// thread. Knows no bus.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "app/worker.hpp"
#include "state/host_state.hpp"

namespace memhot::service {

class Asker {
public:
    using HostNow = Result<std::shared_ptr<const memhotctl::Host>>;
    struct Question {
        bool about_host = true;   // else it is not read
        // In the thread. stop: nobody wants to know any more.
        std::function<void(const HostNow& host, const std::atomic<bool>& stop)> think;
        std::function<void()> then;   // in the loop
        std::function<void()> refused;   // in the loop, instead: nothing is thought about any more
    };

    // thinker: does nothing else.
    Asker(app::Worker& thinker, state::HostState& state) : thinker_(thinker), state_(state) {}

    // group: whose questions wait for each other.
    void put(const std::string& group, Question question);
    // What is being thought about ends soon; who waits, or asks from now on, is refused.
    void stop();
    // At the very end, when the thread does no more: whose answer has not come through is refused, too.
    void abandon();
    [[nodiscard]] bool busy() const { return running_; }

private:
    void next();
    void think(Question question);
    static void refuse(const Question& question) {
        if (question.refused) question.refused();
    }

    app::Worker& thinker_;
    state::HostState& state_;
    std::map<std::string, std::deque<Question>> waiting_;   // by group
    std::deque<std::string> turns_;   // groups that wait
    std::atomic<bool> stop_ = false;
    std::shared_ptr<const Question> current_;
    bool running_ = false;
};

}   // namespace memhot::service
