// SPDX-License-Identifier: GPL-2.0-or-later
//
// Answers that another thread works out (service/asker.hpp), and documents that fit into a message.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "dbus/gate.hpp"
#include "service/service.hpp"

namespace memhot::bus {

// The bus takes 32 MiB; this leaves room for what is beside it.
inline constexpr std::size_t kLongestAnswer = std::size_t{24} << 20;

inline void give(const Reply<std::string>& reply, service::Answer<std::string> answer) {
    if (!answer) return reply.error(answer.error());
    if (answer->size() > kLongestAnswer) {
        return reply.error(
            {service::error_name::kLimitExceeded, "the answer is larger than a message may be; ask about less"});
    }
    reply(*answer);
}

template <class T>
service::Answer<T> as_answer(Result<T> result) {
    return service::answer_of(std::move(result));
}
template <class T>
service::Answer<T> as_answer(service::Answer<T> answer) {
    return answer;
}

// Thought about in another thread; who must not wait for whom the group says.
template <class T, class Think, class Then>
void think(service::Service& service, const Call& call, bool about_host, Think think, Then then) {
    const auto answer = std::make_shared<service::Answer<T>>(
        service::fail(service::error_name::kInternal, "internal error: the question has no answer"));
    service::Asker::Question question;
    question.about_host = about_host;
    question.think = [answer, think = std::move(think)](const service::Asker::HostNow& host,
                                                        const std::atomic<bool>& stop) {
        *answer = as_answer(think(host, stop));
    };
    question.then = [answer, then] { then(std::move(*answer)); };
    question.refused = [then = std::move(then)] {
        then(
            service::Answer<T>(service::fail(service::error_name::kBusy, "memhotd is ending; ask again once it runs")));
    };
    service.asker().put(call.trusted ? call.sender : std::to_string(call.user), std::move(question));
}

}   // namespace memhot::bus
