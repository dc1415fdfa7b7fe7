// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/asker.hpp"

#include <utility>

namespace memhot::service {

void Asker::put(const std::string& group, Question question) {
    if (stop_) return refuse(question);
    auto& mine = waiting_[group];
    if (mine.empty()) turns_.push_back(group);
    mine.push_back(std::move(question));
    next();
}

void Asker::next() {
    if (running_ || stop_ || turns_.empty()) return;
    const std::string group = std::move(turns_.front());
    turns_.pop_front();
    const auto mine = waiting_.find(group);
    Question question = std::move(mine->second.front());
    mine->second.pop_front();
    if (mine->second.empty()) {
        waiting_.erase(mine);
    } else {
        turns_.push_back(group);
    }
    running_ = true;
    think(std::move(question));
}

void Asker::think(Question question) {
    struct Seen {
        HostNow host = std::shared_ptr<const memhotctl::Host>();
        bool read = false;   // just now
    };
    const auto seen = std::make_shared<Seen>();
    state::HostState::Reading reading;
    if (question.about_host) {
        seen->host = state_.fresh();
        if (!*seen->host) reading = state_.reading();
    }
    const auto asked = std::make_shared<Question>(std::move(question));
    current_ = asked;
    const auto generation = state_.generation();
    const auto begun = state_.now();
    thinker_.submit([this, seen, reading = std::move(reading), asked, generation, begun] {
        // the loop goes on, whatever happens here; what the answer is then its owner says
        const std::shared_ptr<void> done(nullptr, [&](void*) {
            thinker_.post([this, seen, asked, generation, begun] {
                running_ = false;
                current_.reset();
                if (seen->read) state_.take_host(*seen->host, generation, begun);
                if (asked->then) asked->then();
                next();
            });
        });
        if (reading) {
            seen->host = reading();
            seen->read = seen->host.ok();
        }
        asked->think(seen->host, stop_);
    });
}

void Asker::stop() {
    stop_ = true;
    turns_.clear();
    for (const auto& [group, questions] : std::exchange(waiting_, {})) {
        for (const auto& question : questions) refuse(question);
    }
}

void Asker::abandon() {
    if (const auto question = std::exchange(current_, nullptr)) refuse(*question);
}

}   // namespace memhot::service
