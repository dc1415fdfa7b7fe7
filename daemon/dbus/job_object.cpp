// SPDX-License-Identifier: GPL-2.0-or-later
//
// org.memhot1.Job at /org/memhot1/job/ID.
#include "dbus/later.hpp"
#include "dbus/objects.hpp"
#include "org.memhot1.Job-adaptor.h"

namespace memhot::bus {

namespace {

using org::memhot1::Job_adaptor;
using service::JobView;

constexpr std::string_view kInterface = "Job";

using Step = sdbus::Struct<std::string, std::string, std::string, std::int32_t>;

class Job final : public sdbus::AdaptorInterfaces<Job_adaptor, sdbus::ManagedObject_adaptor>, public JobObject {
public:
    Job(World& world, const std::string& id)
        : AdaptorInterfaces(world.connection.get(), sdbus::ObjectPath(job_path(id))), world_(world), id_(id) {
        registerAdaptor();
        announce([this] { emitInterfacesAddedSignal(); });
    }
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    ~Job() override {
        announce([this] { emitInterfacesRemovedSignal(); });
        unregisterAdaptor();
    }

    void changed() override {
        compat::properties_changed(getObject(), Job_adaptor::INTERFACE_NAME,
                                   {"State", "CurrentStep", "Progress", "BytesDone", "BytesTotal", "BytesPerSecond",
                                    "TimeLeft", "ExitStatus"});
    }
    void completed(const std::string& result, int exit_status) override { emitCompleted(result, exit_status); }

private:
    template <class F, class... R>
    void handle(std::string_view member, VariantMap options, sdbus::Result<R...>&& result, F run) {
        world_.gate.handle(
            getObject(), kInterface, member, std::move(options), std::move(result),
            [&world = world_, id = id_, run = std::move(run)](const Asked& asked, const Reply<R...>& reply) {
                const auto* view = world.service.jobs().find(id);
                if (view == nullptr)
                    return reply.error({service::error_name::kNotFound, "the job is forgotten; ListJobs tells of it"});
                if (!asked.options.empty()) {
                    return reply.error({service::error_name::kBadInput,
                                        "there is no option " + asked.options.begin()->first + " here"});
                }
                run(world, asked.call, *view, reply);
            },
            [this](Asked& asked) {
                const auto* view = world_.service.jobs().find(id_);
                if (view == nullptr) return;
                asked.call.owner = view->owner;
                asked.call.details["job"] = id_;
            });
    }

    void Cancel(sdbus::Result<>&& result, VariantMap options) override {
        handle("Cancel", std::move(options), std::move(result),
               [](World& world, const Call&, const JobView& view, const Reply<>& reply) {
                   const auto answer = world.service.jobs().cancel(view.id);
                   if (!answer) return reply.error(answer.error());
                   reply();
               });
    }
    void GetPlan(sdbus::Result<std::string>&& result, VariantMap options) override {
        handle("GetPlan", std::move(options), std::move(result),
               [](World& world, const Call& call, const JobView& view, const Reply<std::string>& reply) {
                   think<std::string>(
                       world.service, call, false,
                       [plan = view.plan](const service::Asker::HostNow&,
                                          const std::atomic<bool>&) -> Result<std::string> { return to_json(*plan); },
                       [reply](service::Answer<std::string> answer) { give(reply, std::move(answer)); });
               });
    }
    void GetSteps(sdbus::Result<std::vector<Step>>&& result, VariantMap options) override {
        handle("GetSteps", std::move(options), std::move(result),
               [](World&, const Call&, const JobView& view, const Reply<std::vector<Step>>& reply) {
                   std::vector<Step> out;
                   for (std::size_t i = 0; i < view.steps.size(); ++i) {
                       const auto& step = view.steps[i];
                       const bool passed = !view.over() && i < view.progress.step;
                       out.push_back({passed ? "passed" : step.state, step.what, step.text, step.error});
                   }
                   reply(out);
               });
    }

    template <class F>
    auto get(std::string_view property, F value) const {
        return world_.gate.get(kInterface, property, [&] {
            static const JobView kNone;
            const auto* view = world_.service.jobs().find(id_);
            return value(view == nullptr ? kNone : *view);
        });
    }
    std::string Id() override {
        return get("Id", [&](const JobView&) { return id_; });
    }
    std::string Verb() override {
        return get("Verb", [](const JobView& view) {
            return view.plan ? std::string(to_string(view.plan->wish.verb)) : std::string();
        });
    }
    std::string State() override {
        return get("State", [](const JobView& view) { return view.state; });
    }
    std::uint64_t Steps() override {
        return get("Steps", [](const JobView& view) { return std::uint64_t{view.steps.size()}; });
    }
    std::uint64_t CurrentStep() override {
        return get("CurrentStep", [](const JobView& view) { return std::uint64_t{view.progress.step}; });
    }
    double Progress() override {
        return get("Progress", [](const JobView& view) {
            const service::JobProgress& now = view.progress;
            return now.steps == 0 ? 0 : static_cast<double>(now.step) / static_cast<double>(now.steps);
        });
    }
    std::uint64_t BytesDone() override {
        return get("BytesDone", [](const JobView& view) { return view.progress.bytes; });
    }
    std::uint64_t BytesTotal() override {
        return get("BytesTotal", [](const JobView& view) { return view.progress.all_bytes; });
    }
    std::uint64_t BytesPerSecond() override {
        return get("BytesPerSecond", [](const JobView& view) { return view.progress.bytes_per_second; });
    }
    std::uint64_t TimeLeft() override {
        return get("TimeLeft", [](const JobView& view) { return view.progress.left; });
    }
    std::int32_t ExitStatus() override {
        return get("ExitStatus", [](const JobView& view) { return std::int32_t{view.exit_status}; });
    }

    World& world_;
    std::string id_;
};

}   // namespace

std::unique_ptr<JobObject> make_job(World& world, const std::string& id) { return std::make_unique<Job>(world, id); }

}   // namespace memhot::bus
