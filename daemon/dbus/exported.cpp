// SPDX-License-Identifier: GPL-2.0-or-later
#include "dbus/exported.hpp"

#include <map>

#include "dbus/compat.hpp"
#include "dbus/objects.hpp"
#include "dbus/units.hpp"
#include "log/log.hpp"

namespace memhot::bus {

namespace {

class Bus final : public Exported, private service::Service::Listener {
public:
    Bus(std::unique_ptr<Connection> connection, const BusOptions& options, service::Service& service)
        : connection_(std::move(connection)), units_(connection_->get()), gate_(connection_->get()),
          world_{*connection_, gate_, service, {}}, service_(service) {
        gate_.set_seam(options.seam);
        set_limits();
        manager_ = make_manager(world_);
        devices_ = make_devices(world_);
        gate_.set_objects([this] { return devices_->count() + jobs_.size() + 1; });
        service_.set_listener(this);
    }
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;
    ~Bus() override { service_.set_listener(nullptr); }

    Status own_name() override { return connection_->own_name(kBusName); }

private:
    void set_limits() {
        Gate::Limits limits;
        limits.calls_per_sender = service_.settings().calls_per_sender;
        gate_.set_limits(limits);
    }

    void job_new(const service::JobView& job) override {
        announce([&] {
            jobs_[job.id] = make_job(world_, job.id);
            manager_->job_new(job.id);
        });
    }
    void job_changed(const service::JobView& job) override {
        announce([&] {
            if (const auto found = jobs_.find(job.id); found != jobs_.end()) found->second->changed();
        });
    }
    void job_ended(const service::JobView& job) override {
        announce([&] {
            if (const auto found = jobs_.find(job.id); found != jobs_.end()) {
                found->second->changed();
                found->second->completed(job.state, job.exit_status);
            }
            manager_->job_removed(job.id, job.state);
        });
    }
    void job_gone(const std::string& id) override {
        announce([&] { jobs_.erase(id); });
    }
    void blocks_changed() override {
        announce([&] {
            manager_->changed({"Kernel", "BlockSize", "BlocksOnline", "BlocksOffline", "Generation", "HazardCount",
                               "LostEvents", "FullReads", "Stale", "FailedReads"});
            manager_->blocks_changed();
        });
    }
    void devices_changed() override {
        announce([&] { devices_->update(); });
    }
    void hazard_raised(const service::StandingHazard& hazard) override {
        announce([&] { manager_->hazard_raised(hazard.id, hazard.rule); });
    }
    void hazard_cleared(const service::StandingHazard& hazard) override {
        announce([&] { manager_->hazard_cleared(hazard.id); });
    }
    void configuration_changed() override {
        set_limits();
        announce([&] { manager_->changed({"Acting", "ConfigurationErrors"}); });
    }

    void start_unit(const std::string& unit) override {
        announce([&] { units_.start(unit); });
    }

    std::unique_ptr<Connection> connection_;
    Units units_;
    Gate gate_;
    World world_;
    service::Service& service_;
    std::unique_ptr<ManagerObject> manager_;
    std::unique_ptr<DeviceObjects> devices_;
    std::map<std::string, std::unique_ptr<JobObject>> jobs_;
};

}   // namespace

Result<std::unique_ptr<Exported>> Exported::open(const BusOptions& options, app::EventLoop& loop,
                                                 service::Service& service) {
    auto connection =
        Connection::open(options.bus, loop, options.lost, options.patience.value_or(Connection::kPatience));
    if (!connection) return std::move(connection).error();
    try {
        return std::unique_ptr<Exported>(std::make_unique<Bus>(*std::move(connection), options, service));
    } catch (const sdbus::Error& error) {
        return Error(ErrorKind::io, "the objects cannot be put on the bus: " + error.getMessage());
    }
}

}   // namespace memhot::bus
