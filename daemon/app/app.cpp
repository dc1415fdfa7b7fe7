// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/app.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <csignal>

#include "app/event_loop.hpp"
#include "app/notify.hpp"
#include "app/scratch.hpp"
#include "app/worker.hpp"
#include "dbus/exported.hpp"
#include "events/file_watch.hpp"
#include "log/log.hpp"
#include "metrics/metrics.hpp"
#include "service/service.hpp"

namespace memhot::app {

namespace {

namespace exit_code {
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kUnreachable = 3;
constexpr int kNoName = 4;
}   // namespace exit_code

int complain(const Error& error, int status) {
    log::error(error.message());
    return status;
}

Result<service::JobPlace> place_of(const Options& options, const config::Settings& settings, Scratch& scratch) {
    service::JobPlace place;
    place.root = options.root;
    const std::string below = options.root == "/" ? "" : options.root;
    place.state = options.state_directory.value_or(below + settings.state_directory);
    place.run = options.run_directory.value_or(below + settings.runtime_directory);
    if (options.simulate.empty()) return place;
    if (!options.state_directory) {
        auto made = scratch.make();
        if (!made) return std::move(made).error();
        place.state = *made;
    }
    if (!options.run_directory) place.run = place.state;
    place.simulated = std::make_shared<service::SimulatedWorld>();
    for (const auto& text : options.faults) {
        auto fault = execute::parse_fault(text);
        if (!fault) return std::move(fault).error();
        place.simulated->faults.push_back(*std::move(fault));
    }
    return place;
}

int check_config(const std::string& root) {
    const auto settings = config::load_settings(root);
    const auto policies = policy::load_policies(root);
    for (const auto* problems : {&settings.problems, &policies.problems}) {
        for (const auto& problem : *problems) {
            const bool error = problem.severity == config::Problem::Severity::error;
            log::say(error ? log::Priority::error : log::Priority::warning, to_string(problem));
        }
    }
    return config::has_errors(settings.problems) || config::has_errors(policies.problems) ? exit_code::kUsage : 0;
}

// The daemon in the order of its parts' lives.
class App {
public:
    App(const Options& options, const AppHooks& hooks, EventLoop loop)
        : options_(options), hooks_(hooks), loop_(std::move(loop)), worker_(loop_), thinker_(loop_) {}
    App(const App&) = delete;
    App& operator=(const App&) = delete;
    // What the threads do is about the service; what they have posted, and who still waits for an answer of the service,
    // holds replies, which are of the bus. So they go before those two.
    ~App() {
        if (service_) service_->stop();
        worker_.end();
        thinker_.end();
        if (service_) service_->abandon();
    }

    int run() {
        if (const int failed = start(); failed != 0) return failed;
        const int status = loop_.run();
        notify_stopping();
        return status;
    }

private:
    int start() {
        // First of all: what is sent meanwhile waits for the loop. Reading a large host takes seconds.
        terminate_ = loop_.on_signal(SIGTERM, [this] { stop(0); });
        interrupt_ = loop_.on_signal(SIGINT, [this] { stop(0); });
        hangup_ = loop_.on_signal(SIGHUP, [this] { reload(); });
        const auto loaded = config::load_settings(config_root());
        if (config::has_errors(loaded.problems)) return check_config(config_root());
        state::HostSource source{options_.root, options_.simulate};
        // Before the host is read: what changes meanwhile is told.
        if (const auto listening = listen(loaded.settings); !listening)
            return complain(listening.error(), exit_code::kUnreachable);
        auto state = state::HostState::open(source, EventLoop::now, watcher_ != nullptr);
        if (!state) return complain(state.error(), exit_code::kUnreachable);
        auto place = place_of(options_, loaded.settings, scratch_);
        if (!place) return complain(place.error(), exit_code::kFailed);
        if (place->simulated) {
            auto snapshot = state->read();
            if (!snapshot) return complain(snapshot.error(), exit_code::kUnreachable);
            place->simulated->from = *std::move(snapshot);
        }
        service_ = std::make_unique<service::Service>(loop_, worker_, thinker_, *std::move(state), *std::move(place),
                                                      config_root());
        if (const auto good = service_->start(); !good) return complain(good.error(), exit_code::kUsage);
        service_->set_watcher(watcher_.get());
        service_->set_reloaded([this](const config::Settings& settings) {
            if (watcher_) watcher_->set_times({settings.coalesce, settings.coalesce_limit});
        });
        if (const auto watching = watch_hardware(); !watching)
            return complain(watching.error(), exit_code::kUnreachable);
        return serve();
    }

    Status listen(const config::Settings& settings) {
        const bool real = options_.simulate.empty() && (options_.root == "/" || options_.events);
        if (!real && !hooks_.events) return Done{};
        auto source =
            hooks_.events ? Result<std::unique_ptr<events::EventSource>>(hooks_.events()) : events::open_udev();
        if (!source) return std::move(source).error();
        watcher_ = std::make_unique<events::Watcher>(loop_, *std::move(source),
                                                     events::Watcher::Times{settings.coalesce, settings.coalesce_limit},
                                                     [this](const events::Batch& batch) { service_->happened(batch); });
        return Done{};
    }

    Status watch_hardware() {
        if (options_.simulate.empty()) return Done{};
        hardware_later_ = loop_.on_timer([this] { change_hardware(); });
        auto watch = events::FileWatch::open(loop_, options_.simulate, [this] { change_hardware(); });
        if (!watch) return std::move(watch).error();
        hardware_ = *std::move(watch);
        return Done{};
    }

    void change_hardware() {
        if (worker_.busy()) return hardware_later_.arm_in(kLook);
        auto snapshot = load_snapshot(options_.simulate);
        if (!snapshot) return log::warning("the simulated host stays as it is: " + snapshot.error().message());
        service_->change_hardware(*std::move(snapshot));
    }

    int serve() {
        bus::BusOptions bus;
        bus.bus = options_.bus;
        bus.seam = hooks_.before_member;
        bus.patience = hooks_.bus_patience;
        bus.lost = [this](const std::string& why) {
            log::say(log::Priority::error, "the bus is gone: " + why, &log::kBusLost);
            stop(exit_code::kFailed);
        };
        auto exported = bus::Exported::open(bus, loop_, *service_);
        if (!exported) return complain(exported.error(), exit_code::kUnreachable);
        exported_ = *std::move(exported);
        if (const auto owned = exported_->own_name(); !owned) return complain(owned.error(), exit_code::kNoName);
        metrics_ = std::make_unique<metrics::Server>(loop_, *service_);
        loop_.ping_watchdog();
        const std::string status = service_->status();
        log::say(log::Priority::info, "started: " + status, &log::kStarted);
        ::malloc_trim(0);
        notify_ready(status);
        service_->apply_policies();
        return 0;
    }

    void reload() {
        notify_reloading();
        // an error is said, kept for clients, and changes nothing
        [[maybe_unused]] const auto answer = service_->reload();
        notify_ready(service_->status());
    }

    // What ndctl and daxctl would do is finished; a write that the kernel is at is interrupted (execute/watchdog.hpp).
    void stop(int status) {
        if (stopping_) return;
        stopping_ = true;
        notify_stopping();
        service_->stop();
        if (!worker_.busy()) return loop_.exit(status);
        wait_ = loop_.on_timer([this, status] {
            if (!worker_.busy()) return loop_.exit(status);
            wait_.arm_in(kLook);
        });
        wait_.arm_in(kLook);
    }

    [[nodiscard]] std::string config_root() const { return options_.config_root.value_or(options_.root); }

    static constexpr std::uint64_t kLook = 50'000;   // microseconds

    const Options& options_;
    const AppHooks& hooks_;
    Scratch scratch_;
    EventLoop loop_;
    Worker worker_;   // for what blocks
    Worker thinker_;   // for what takes long
    std::unique_ptr<events::Watcher> watcher_;
    std::unique_ptr<service::Service> service_;
    events::FileWatch hardware_;
    Source hardware_later_;
    std::unique_ptr<bus::Exported> exported_;
    std::unique_ptr<metrics::Server> metrics_;
    Source terminate_;
    Source interrupt_;
    Source hangup_;
    Source wait_;
    bool stopping_ = false;
};

}   // namespace

int run(const Options& options, const AppHooks& hooks) {
    // Other threads would get arenas of their own, which are never given back.
    ::mallopt(M_ARENA_MAX, 1);
    std::signal(SIGPIPE, SIG_IGN);
    if (options.debug) log::set_level(log::Priority::debug);
    if (options.check_config) return check_config(options.config_root.value_or(options.root));
    auto loop = EventLoop::make();
    if (!loop) return complain(loop.error(), exit_code::kFailed);
    return App(options, hooks, *std::move(loop)).run();
}

}   // namespace memhot::app
