// SPDX-License-Identifier: GPL-2.0-or-later
//
// org.memhot1.Manager at /org/memhot1.
#include <fmt/format.h>

#include <algorithm>

#include "dbus/job_calls.hpp"
#include "dbus/later.hpp"
#include "dbus/objects.hpp"
#include "dbus/sealed_file.hpp"
#include "org.memhot1.Manager-adaptor.h"
#include "service/journal_page.hpp"

namespace memhot::bus {

namespace {

using org::memhot1::Manager_adaptor;
using service::Answer;
using service::fail;
namespace error_name = service::error_name;

constexpr std::string_view kInterface = "Manager";
// Of the documents that files in memory can hold, too: a bus that copies long messages serves nobody else meanwhile.
constexpr std::size_t kLongestText = std::size_t{8} << 20;
constexpr std::size_t kMostWords = 4096;
// Of a run of blocks beside its texts: the numbers, and the length, end and padding of two texts.
constexpr std::size_t kRunBytes = 48;

using Hazard =
    sdbus::Struct<std::uint64_t, std::string, std::string, std::string, std::string, std::string, std::uint64_t>;
using Run = sdbus::Struct<std::uint64_t, std::uint64_t, std::string, std::string, std::int32_t, std::int32_t>;
using WrittenJob = sdbus::Struct<std::string, std::string, std::string, std::string, std::uint64_t, std::uint64_t>;

void give(const Reply<>& reply, const Answer<Done>& answer) {
    if (!answer) return reply.error(answer.error());
    reply();
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
    return shortened(std::move(out), 256);
}

class Manager final : public sdbus::AdaptorInterfaces<Manager_adaptor, sdbus::ObjectManager_adaptor>,
                      public ManagerObject {
public:
    explicit Manager(World& world)
        : AdaptorInterfaces(world.connection.get(), sdbus::ObjectPath(kRootPath)), world_(world) {
        registerAdaptor();
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;
    ~Manager() override { unregisterAdaptor(); }

    void changed(const std::vector<std::string>& properties) override {
        compat::properties_changed(getObject(), Manager_adaptor::INTERFACE_NAME, properties);
    }
    void blocks_changed() override { emitBlocksChanged(world_.service.state().generation()); }
    void hazard_raised(std::uint64_t id, const std::string& rule) override { emitHazardRaised(id, rule); }
    void hazard_cleared(std::uint64_t id) override { emitHazardCleared(id); }
    void job_new(const std::string& id) override { emitJobNew(id, sdbus::ObjectPath(job_path(id))); }
    void job_removed(const std::string& id, const std::string& result) override {
        emitJobRemoved(id, sdbus::ObjectPath(job_path(id)), result);
    }

private:
    using Options = VariantMap;

    template <class F, class... R>
    void handle(std::string_view member, Options options, sdbus::Result<R...>&& result, F run) {
        handle(member, std::move(options), std::move(result), std::move(run), [](Asked&) {});
    }
    template <class F, class P, class... R>
    void handle(std::string_view member, Options options, sdbus::Result<R...>&& result, F run, P prepare) {
        world_.gate.handle(getObject(), kInterface, member, std::move(options), std::move(result), std::move(run),
                           std::move(prepare));
    }
    // A question without options of its own that is answered with a document. question: a function of the host;
    // otherwise: the member that gives it as a file.
    template <class F>
    void ask(std::string_view member, Options options, sdbus::Result<std::string>&& result, F question,
             const char* otherwise = nullptr) {
        handle(member, std::move(options), std::move(result),
               [&world = world_, question = std::move(question), otherwise](const Asked& asked,
                                                                            const Reply<std::string>& reply) {
                   if (auto good = only(asked, {}); !good) return reply.error(good.error());
                   answer_later(world, asked.call, reply, question, otherwise);
               });
    }
    using Question = Result<std::string> (*)(const memhotctl::Host& host);
    void dump(std::string_view member, Options options, sdbus::Result<sdbus::UnixFd>&& result, Question question) {
        handle(
            member, std::move(options), std::move(result),
            [&world = world_, question](const Asked& asked, const Reply<sdbus::UnixFd>& reply) {
                if (auto good = only(asked, {}); !good) return reply.error(good.error());
                think<sdbus::UnixFd>(
                    world.service, asked.call, true,
                    [question](const service::Asker::HostNow& host, const std::atomic<bool>&) -> Result<sdbus::UnixFd> {
                        if (!host) return host.error();
                        const auto text = question(**host);
                        if (!text) return text.error();
                        auto file = sealed_file(*text);
                        return file ? opened_again(*file) : std::move(file);
                    },
                    [reply](const Answer<sdbus::UnixFd>& file) {
                        if (!file) return reply.error(file.error());
                        reply(*file);
                    });
            });
    }
    template <class F>
    static void answer_later(World& world, const Call& call, const Reply<std::string>& reply, F question,
                             const char* otherwise = nullptr) {
        think<std::string>(
            world.service, call, true,
            [question = std::move(question)](const service::Asker::HostNow& host,
                                             const std::atomic<bool>&) -> Result<std::string> {
                if (!host) return host.error();
                return question(**host);
            },
            [reply, otherwise](Answer<std::string> answer) {
                if (otherwise == nullptr || !answer || answer->size() <= kLongestText)
                    return give(reply, std::move(answer));
                reply.error({error_name::kLimitExceeded,
                             fmt::format("the document has {} MiB, and at most {} MiB are sent as text; {} gives it as "
                                         "a file",
                                         answer->size() >> 20U, kLongestText >> 20U, otherwise)});
            });
    }

    // --- questions -------------------------------------------------------------------------------------------------

    static void check(World& world, const std::vector<std::string>& words, const Asked& asked,
                      const Reply<std::string>& reply) {
        if (words.size() > kMostWords) return reply.error({error_name::kLimitExceeded, "too many words"});
        const auto& source = world.service.state().source();
        if (service::questions::is_quick_check(words, asked.options)) {
            if (const auto host = world.service.fresh_host()) {
                return give(reply, service::answer_of(service::questions::check(*host, source, words, asked.options)));
            }
        }
        answer_later(world, asked.call, reply, [source, words, options = asked.options](const memhotctl::Host& host) {
            return service::questions::check(host, source, words, options);
        });
    }
    void Check(sdbus::Result<std::string>&& result, std::vector<std::string> words, Options options) override {
        const std::string shown = joined(words);
        const std::uint64_t bytes = weight(words);
        handle(
            "Check", std::move(options), std::move(result),
            [&world = world_, words = std::move(words)](const Asked& asked, const Reply<std::string>& reply) {
                check(world, words, asked, reply);
            },
            [&](Asked& asked) {
                asked.call.details["words"] = shown;
                asked.bytes += bytes;
            });
    }
    void Explain(sdbus::Result<std::string>&& result, std::string text, Options options) override {
        const std::uint64_t bytes = weight(text);
        handle(
            "Explain", std::move(options), std::move(result),
            [&world = world_, text = std::move(text)](const Asked& asked, const Reply<std::string>& reply) {
                if (auto good = only(asked, {}); !good) return reply.error(good.error());
                think<std::string>(
                    world.service, asked.call, true,
                    [text](const service::Asker::HostNow& host, const std::atomic<bool>&) {
                        return service::questions::explain(host ? host->get() : nullptr, text);
                    },
                    [reply](Answer<std::string> answer) { give(reply, std::move(answer)); });
            },
            [&](Asked& asked) { asked.bytes += bytes; });
    }
    void GetMap(sdbus::Result<std::string>&& result, Options options) override {
        ask("GetMap", std::move(options), std::move(result), service::questions::map, "DumpMap");
    }
    void DumpMap(sdbus::Result<sdbus::UnixFd>&& result, Options options) override {
        dump("DumpMap", std::move(options), std::move(result), service::questions::map);
    }
    void GetSnapshot(sdbus::Result<std::string>&& result, Options options) override {
        ask("GetSnapshot", std::move(options), std::move(result), service::questions::snapshot, "DumpSnapshot");
    }
    void DumpSnapshot(sdbus::Result<sdbus::UnixFd>&& result, Options options) override {
        dump("DumpSnapshot", std::move(options), std::move(result), service::questions::snapshot);
    }
    void Examine(sdbus::Result<std::string>&& result, Options options) override {
        ask("Examine", std::move(options), std::move(result), service::questions::examine);
    }
    void TestPolicy(sdbus::Result<std::string>&& result, std::string thing, Options options) override {
        const std::uint64_t bytes = weight(thing);
        handle(
            "TestPolicy", std::move(options), std::move(result),
            [&world = world_, thing = std::move(thing)](const Asked& asked, const Reply<std::string>& reply) {
                if (auto good = only(asked, {}); !good) return reply.error(good.error());
                answer_later(world, asked.call, reply,
                             [held = world.service.held_policies(), root = world.service.config_root(),
                              thing](const memhotctl::Host& host) {
                                 return service::questions::test_policy(host, held, root, thing);
                             });
            },
            [&](Asked& asked) { asked.bytes += bytes; });
    }
    void Hazards(sdbus::Result<std::vector<Hazard>>&& result, Options options) override {
        handle("Hazards", std::move(options), std::move(result),
               [&world = world_](const Asked& asked, const Reply<std::vector<Hazard>>& reply) {
                   if (auto good = only(asked, {}); !good) return reply.error(good.error());
                   std::vector<Hazard> out;
                   for (const auto& one : world.service.hazards().all()) {
                       out.push_back({one.id, one.rule, one.severity, one.where, one.text, one.remedy, one.since});
                   }
                   reply(out);
               });
    }
    void ListBlocks(sdbus::Result<std::uint64_t, std::vector<Run>>&& result) override {
        handle("ListBlocks", {}, std::move(result),
               [&world = world_](const Asked&, const Reply<std::uint64_t, std::vector<Run>>& reply) {
                   const auto& state = world.service.state();
                   std::vector<Run> out;
                   std::size_t bytes = 0;
                   for (const auto& run : state.blocks().runs()) {
                       bytes += kRunBytes + run.state.size() + run.zones.size();
                       out.push_back({run.first, run.last, std::string(run.state), std::string(run.zones),
                                      run.node.value_or(-1), run.removable ? (*run.removable ? 1 : 0) : -1});
                   }
                   if (bytes > kLongestAnswer) {
                       return reply.error(
                           {error_name::kLimitExceeded,
                            fmt::format("{} runs of blocks that are alike are more than a message holds; "
                                        "DumpBlocks gives them",
                                        out.size())});
                   }
                   reply(state.block_size(), out);
               });
    }
    void DumpBlocks(sdbus::Result<sdbus::UnixFd>&& result) override {
        handle("DumpBlocks", {}, std::move(result), [&world = world_](const Asked&, const Reply<sdbus::UnixFd>& reply) {
            const auto generation = world.service.state().generation();
            if (!world.dump.file.isValid() || world.dump.generation != generation) {
                auto file = sealed_file(world.service.state().blocks().lines());
                if (!file) return reply.error(service::failure_of(file.error()));
                world.dump = {generation, *std::move(file)};
            }
            auto own = opened_again(world.dump.file);
            if (!own) return reply.error(service::failure_of(own.error()));
            reply(*own);
        });
    }

    // --- plans and jobs --------------------------------------------------------------------------------------------

    void Plan(sdbus::Result<std::string, std::string>&& result, std::vector<std::string> words,
              Options options) override {
        const std::string shown = joined(words);
        const std::uint64_t bytes = weight(words);
        handle(
            "Plan", std::move(options), std::move(result),
            [&world = world_, words = std::move(words)](const Asked& asked, const PlanReply& reply) {
                if (auto good = only(asked, {}); !good) return reply.error(good.error());
                if (words.size() > kMostWords) return reply.error({error_name::kLimitExceeded, "too many words"});
                make_plan(world, asked.call, words, reply);
            },
            [&](Asked& asked) {
                asked.call.details["words"] = shown;
                asked.bytes += bytes;
            });
    }

    void Apply(sdbus::Result<sdbus::ObjectPath>&& result, std::string plan, Options options) override {
        handle(
            "Apply", std::move(options), std::move(result),
            [&world = world_, plan](const Asked& asked, const JobReply& reply) {
                if (auto good = only(asked, {"all-or-nothing", "timeout"}); !good) return reply.error(good.error());
                const auto shown = world.service.plans().find(asked.call.sender, plan);
                if (!shown) return reply.error(shown.error());
                service::JobOrder order;
                order.plan = shown->json;
                begin_job(world, std::move(order), asked, reply, plan);
            },
            [&](Asked& asked) {
                // what is allowed is what the plan's verb needs; whoever has no such plan hears nothing of others
                const auto shown = world_.service.plans().find(asked.call.sender, plan);
                if (!shown) return;
                asked.call.need = need_of(shown->wish.verb);
                asked.call.details["plan"] = shown->what;
            });
    }
    void take_up(std::string_view member, service::JobOrder::Kind kind, sdbus::Result<sdbus::ObjectPath>&& result,
                 std::string job, Options options) {
        // only numbers are jobs; whatever else is asked for is nothing that a person should read
        const bool is_number = !job.empty() && std::ranges::all_of(job, [](char c) { return c >= '0' && c <= '9'; });
        const std::string shown = is_number ? shortened(job, 20) : "that is none";
        const std::uint64_t bytes = weight(job);
        handle(
            member, std::move(options), std::move(result),
            [&world = world_, kind, job = std::move(job)](const Asked& asked, const JobReply& reply) {
                if (auto good = only(asked, {"timeout", "shown"}); !good) return reply.error(good.error());
                service::JobOrder order;
                order.kind = kind;
                order.job = job;
                if (const auto shown = asked.options.find("shown"); shown != asked.options.end())
                    order.plan = shown->second;
                begin_job(world, std::move(order), asked, reply);
            },
            [&](Asked& asked) {
                asked.call.details["job"] = shown;
                asked.call.details["member"] = fmt::format("Manager.{} of job {}", member, shown);
                asked.bytes += bytes;
            });
    }
    void Undo(sdbus::Result<sdbus::ObjectPath>&& result, std::string job, Options options) override {
        take_up("Undo", service::JobOrder::Kind::undo, std::move(result), std::move(job), std::move(options));
    }
    void Finish(sdbus::Result<sdbus::ObjectPath>&& result, std::string job, Options options) override {
        take_up("Finish", service::JobOrder::Kind::finish, std::move(result), std::move(job), std::move(options));
    }
    void ListJobs(sdbus::Result<std::vector<WrittenJob>>&& result, Options options) override {
        handle(
            "ListJobs", std::move(options), std::move(result),
            [&world = world_](const Asked& asked, const Reply<std::vector<WrittenJob>>& reply) {
                if (auto good = only(asked, {}); !good) return reply.error(good.error());
                think<std::vector<service::WrittenJob>>(
                    world.service, asked.call, false,
                    [place = world.service.jobs().place()](const service::Asker::HostNow&, const std::atomic<bool>&) {
                        return service::written_jobs(place);
                    },
                    [reply](const Answer<std::vector<service::WrittenJob>>& jobs) {
                        if (!jobs) return reply.error(jobs.error());
                        std::vector<WrittenJob> out;
                        for (const auto& job : *jobs) {
                            out.push_back({job.id, job.end, job.wish, job.text, job.begun, job.ended});
                        }
                        reply(out);
                    });
            });
    }

    using JournalReply = Reply<std::vector<std::string>, std::uint64_t, std::string, std::vector<std::string>>;
    void
    ReadJournal(sdbus::Result<std::vector<std::string>, std::uint64_t, std::string, std::vector<std::string>>&& result,
                std::uint64_t from, Options options) override {
        handle("ReadJournal", std::move(options), std::move(result),
               [&world = world_, from](const Asked& asked, const JournalReply& reply) {
                   if (auto good = only(asked, {"job"}); !good) return reply.error(good.error());
                   const auto found = asked.options.find("job");
                   const std::string job = found == asked.options.end() ? "" : found->second;
                   think<service::JournalPage>(
                       world.service, asked.call, false,
                       [place = world.service.jobs().place(), from, job](const service::Asker::HostNow&,
                                                                         const std::atomic<bool>&) {
                           return service::journal_page(place, from, job, kLongestAnswer);
                       },
                       [reply](const Answer<service::JournalPage>& page) {
                           if (!page) return reply.error(page.error());
                           reply(page->entries, page->next, page->running, page->notes);
                       });
               });
    }

    // --- the daemon ------------------------------------------------------------------------------------------------

    void Reload(sdbus::Result<>&& result, Options options) override {
        handle("Reload", std::move(options), std::move(result),
               [&world = world_](const Asked& asked, const Reply<>& reply) {
                   if (auto good = only(asked, {}); !good) return reply.error(good.error());
                   give(reply, world.service.reload());
               });
    }
    void Rescan(sdbus::Result<>&& result, Options options) override {
        handle("Rescan", std::move(options), std::move(result),
               [&world = world_](const Asked& asked, const Reply<>& reply) {
                   if (auto good = only(asked, {}); !good) return reply.error(good.error());
                   give(reply, world.service.rescan());
               });
    }

    template <class F>
    auto get(std::string_view property, F value) const {
        return world_.gate.get(kInterface, property, std::move(value));
    }
    [[nodiscard]] const service::Service& service() const { return world_.service; }

    std::string Version() override {
        return get("Version", [] { return std::string(MEMHOT_VERSION); });
    }
    std::string Kernel() override {
        return get("Kernel", [&] { return service().state().kernel(); });
    }
    bool Simulated() override {
        return get("Simulated", [&] { return service().state().source().simulated(); });
    }
    bool Acting() override {
        return get("Acting", [&] { return service().settings().act; });
    }
    std::uint64_t BlockSize() override {
        return get("BlockSize", [&] { return service().state().block_size(); });
    }
    std::uint64_t BlocksOnline() override {
        return get("BlocksOnline", [&] { return std::uint64_t{service().state().blocks().online()}; });
    }
    std::uint64_t BlocksOffline() override {
        return get("BlocksOffline", [&] {
            const auto& blocks = service().state().blocks();
            return std::uint64_t{blocks.size() - blocks.online()};
        });
    }
    std::uint64_t Generation() override {
        return get("Generation", [&] { return service().state().generation(); });
    }
    std::uint64_t HazardCount() override {
        return get("HazardCount", [&] { return std::uint64_t{service().hazards().all().size()}; });
    }
    std::uint64_t LostEvents() override {
        return get("LostEvents", [&] { return service().lost_events(); });
    }
    std::uint64_t EventsReceived() override {
        return get("EventsReceived", [&] { return service().events_received(); });
    }
    std::uint64_t FullReads() override {
        return get("FullReads", [&] { return service().state().full_reads(); });
    }
    bool Stale() override {
        return get("Stale", [&] { return !service().stale().empty(); });
    }
    std::uint64_t FailedReads() override {
        return get("FailedReads", [&] { return service().failed_reads(); });
    }
    std::vector<std::string> ConfigurationErrors() override {
        return get("ConfigurationErrors", [&] { return service().configuration_errors(); });
    }

    World& world_;
};

}   // namespace

std::unique_ptr<ManagerObject> make_manager(World& world) { return std::make_unique<Manager>(world); }

}   // namespace memhot::bus
