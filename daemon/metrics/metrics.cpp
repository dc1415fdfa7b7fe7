// SPDX-License-Identifier: GPL-2.0-or-later
#include "metrics/metrics.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "log/log.hpp"

namespace memhot::metrics {

namespace {

constexpr std::uint64_t kLater = 1'000'000;   // microseconds

struct Row {
    std::string_view name;
    std::string_view type;   // "gauge" or "counter"
    std::string_view labels;
    std::string_view help;
    std::uint64_t (*value)(const service::Service& service);
};

constexpr auto kRows = std::to_array<Row>({
    {"memhot_blocks", "gauge", R"({state="online"})", "Memory blocks.",
     [](const service::Service& s) { return std::uint64_t{s.state().blocks().online()}; }},
    {"memhot_blocks", "gauge", R"({state="offline"})", "",
     [](const service::Service& s) { return std::uint64_t{s.state().blocks().size() - s.state().blocks().online()}; }},
    {"memhot_block_size_bytes", "gauge", "", "Size of a memory block.",
     [](const service::Service& s) { return s.state().block_size(); }},
    {"memhot_hazards", "gauge", "", "What was predicted to go wrong and still stands.",
     [](const service::Service& s) { return std::uint64_t{s.hazards().all().size()}; }},
    {"memhot_state_generation", "gauge", "", "Changes of the host that were seen.",
     [](const service::Service& s) { return s.state().generation(); }},
    {"memhot_full_reads", "counter", "", "How often all memory blocks were read.",
     [](const service::Service& s) { return s.state().full_reads(); }},
    {"memhot_uevents_received", "counter", "", "Events of udev about memory and its devices.",
     [](const service::Service& s) { return s.events_received(); }},
    {"memhot_uevent_overflows", "counter", "", "How often events were lost.",
     [](const service::Service& s) { return s.lost_events(); }},
    {"memhot_failed_reads", "counter", "", "How often the host could not be read.",
     [](const service::Service& s) { return s.failed_reads(); }},
    {"memhot_stale", "gauge", "", "1 where what is known of the host may be old.",
     [](const service::Service& s) { return std::uint64_t{s.stale().empty() ? 0U : 1U}; }},
    {"memhot_jobs", "counter", "", "Jobs that were begun since the start.",
     [](const service::Service& s) { return s.jobs_begun(); }},
});

}   // namespace

std::string text(const service::Service& service) {
    std::string out;
    std::string_view before;
    for (const auto& row : kRows) {
        if (row.name != before)
            out += fmt::format("# TYPE {} {}\n# HELP {} {}\n", row.name, row.type, row.name, row.help);
        before = row.name;
        out +=
            fmt::format("{}{}{} {}\n", row.name, row.type == "counter" ? "_total" : "", row.labels, row.value(service));
    }
    out += fmt::format(
        "# TYPE memhot_build info\n# HELP memhot_build The version.\nmemhot_build_info{{version=\"{}\"}} 1\n",
        MEMHOT_VERSION);
    return out + "# EOF\n";
}

Server::Server(app::EventLoop& loop, const service::Service& service) : service_(service) {
    char** names = nullptr;
    const int count = ::sd_listen_fds_with_names(1, &names);
    for (int i = 0; i < count; ++i) {
        if (std::string_view(names[i]) == "metrics") fd_ = SD_LISTEN_FDS_START + i;
        std::free(names[i]);
    }
    std::free(static_cast<void*>(names));
    if (fd_ < 0) return;
    source_ = loop.on_io(fd_, EPOLLIN, [this](std::uint32_t) { answer(); });
    again_ = loop.on_timer([this] { source_.set_events(EPOLLIN); });
}

// The text fits into the buffer of any socket, so nobody who does not read keeps the loop.
void Server::answer() {
    const int client = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return later(errno);
    const std::string all = text(service_);
    [[maybe_unused]] const auto sent = ::send(client, all.data(), all.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(client);
}

// Without descriptors or memory whoever waits still waits: the loop would turn for nothing.
void Server::later(int error) {
    if (error == EAGAIN || error == EINTR || error == ECONNABORTED) return;
    if (!std::exchange(said_, true))
        log::warning(fmt::format("a reader of the metrics cannot be answered: {}", std::strerror(error)));
    source_.set_events(0);
    again_.arm_in(kLater);
}

}   // namespace memhot::metrics
