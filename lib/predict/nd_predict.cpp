// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "nvdimm/from_snapshot.hpp"
#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

// Whether memory can be moved decides; not where the command fails behind that, too.
bool is_open(const CommandAnswer& answer) { return answer.uncertain && answer.exit == 0; }

Outcome outcome_of(const CommandAnswer& answer) {
    if (answer.crash) return Outcome::crashes(answer.rule);
    if (is_open(answer)) return Outcome::unsure(RuleId::offline_unmovable, EBUSY);
    if (answer.exit == 0) return Outcome::accept(answer.rule);
    return Outcome::refuse(answer.rule, answer.kernel_error);
}

std::string summary_of(const CommandAnswer& answer) {
    if (answer.crash) return "the kernel crashes";
    if (is_open(answer) && answer.offline_order.empty())
        return "accepted, or refused because pages of online memory cannot be moved, and everything is as before";
    if (is_open(answer)) return "accepted, or refused half-way because pages of online memory cannot be moved";
    if (answer.exit == 0) return "accepted";
    return answer.error.empty() ? fmt::format("refused, exit status {}", answer.exit) : "refused: " + answer.error;
}

// Less is offered as a command; a smaller align of the region would show the space.
bool hides_space(const NdBus& bus, const NdSubject& subject, const CommandAnswer& answer) {
    const std::uint64_t asked = subject.request && subject.request->size ? subject.request->size->value : 0;
    return answer.rule == RuleId::ndctl_no_capacity && std::ranges::any_of(subject.regions, [&](const NdRegion* one) {
               return align_that_shows(bus, *one, asked).has_value();
           });
}

Verdict verdict_on(const NdBus& bus, const NdBus& after, const CommandLine& command, const CommandAnswer& answer) {
    const NdSubject subject = subject_of(bus, command);
    Verdict verdict;
    verdict.operation = to_string(command);
    verdict.kernel = bus.model.profile().name;
    verdict.outcome = outcome_of(answer);
    verdict.summary = summary_of(answer);
    verdict.operands = nd_operands(bus, subject, answer.rule);
    verdict.evidence = nd_evidence(bus, command, subject);
    for (std::size_t i = 0; i < answer.certain_log; ++i) verdict.messages.push_back(answer.log[i].text);
    verdict.prints = answer.lines;
    if (!answer.crash) {
        for (auto& one : nd_staying(bus, after, command)) verdict.evidence.push_back(std::move(one));
    }
    verdict.hazards = hazards_of(bus, command, after, answer);
    verdict.assumptions = bus.model.assumptions();
    // A refused "all" has done the others, a refused create may leave a namespace behind.
    if (!answer.crash) verdict.changes = nd_changes(bus, after);
    if (!verdict.outcome.accepted() && !is_open(answer))
        verdict.commands = nd_instead(bus, command, subject, answer.rule);
    // A command that was tried says more than a rule that does not know the host; but where the kernel onlines memory by
    // itself, --force leaves the zone to it.
    const bool both = answer.crash || answer.rule == RuleId::daxctl_auto_online || hides_space(bus, subject, answer);
    if (both || verdict.commands.empty()) verdict.remedy = nd_remedy(bus, command, subject, answer.rule);
    return verdict;
}

// Nothing was captured: no answer about a device would be more than a guess.
Verdict not_captured(const KernelProfile& profile, const CommandLine& command) {
    Verdict verdict;
    verdict.operation = to_string(command);
    verdict.kernel = profile.name;
    verdict.outcome = Outcome::unsure(RuleId::nd_not_captured, 0);
    verdict.summary = "cannot be said: nothing of nvdimm, dax and CXL was captured";
    verdict.remedy = std::string(rule(RuleId::nd_not_captured).remedy);
    return verdict;
}

// Why a region is disabled and how it comes up: what the records say of its DIMMs, which the bus does not know.
std::string remedy_of_disabled(const NvdimmRecord& nd, const NdRegion& region) {
    std::string first;
    for (const auto& part : region.mappings) {
        const auto dimm = std::ranges::find(nd.dimms, part.dimm, &DimmRecord::name);
        if (dimm == nd.dimms.end()) continue;
        const bool locked = dimm->security == "locked" || dimm->flags.find("lock") != std::string::npos;
        if (locked) first += fmt::format("unlock {} with its passphrase (ndctl load-keys, or the BIOS), ", dimm->name);
        if (dimm->driver.empty()) first += fmt::format("ndctl enable-dimm {}, ", dimm->name);
    }
    return fmt::format("{} is disabled: {}ndctl enable-region {}, then the command again", name_of(region), first,
                       name_of(region));
}

// Where the command is about disabled regions, they come first.
void put_disabled(const Snapshot& snapshot, const NdBus& bus, const CommandLine& command, Verdict& verdict) {
    if (!snapshot.nvdimm || verdict.outcome.kind != Outcome::Kind::refused) return;
    const auto subject = subject_of(bus, command);
    const auto disabled = std::ranges::find(subject.regions, false, &NdRegion::enabled);
    if (disabled == subject.regions.end()) return;
    const bool others = std::ranges::find(subject.regions, true, &NdRegion::enabled) != subject.regions.end();
    const std::string rest = others && !verdict.remedy.empty() ? "; else " + verdict.remedy : std::string();
    verdict.remedy = remedy_of_disabled(*snapshot.nvdimm, **disabled) + rest;
}

}   // namespace

Verdict predict_and_run(NdBus& bus, const CommandLine& command) {
    NdBus after = bus;
    const CommandAnswer answer = run_command(after, command);
    Verdict verdict = verdict_on(bus, after, command, answer);
    if (!answer.crash) bus = std::move(after);
    return verdict;
}

Result<std::vector<Verdict>> predict(const Snapshot& snapshot, std::shared_ptr<const KernelProfile> profile,
                                     const std::vector<CommandLine>& commands) {
    auto reading = read_bus(snapshot, {}, std::move(profile));
    if (!reading) return std::move(reading).error();
    NdBus bus = std::move(reading->bus);
    std::vector<Verdict> verdicts;
    for (const auto& command : commands) {
        if (command.program == "write" && !is_mirrored_file(command.verb)) {
            return bad_input(
                fmt::format("{}: what this file answers is not known here, expected align of a region; size or "
                            "uuid of a namespace; size, align, mapping or state of a device of the dax bus; create or "
                            "delete of a dax_region; bind or unbind of nvdimm, nd_pmem, dax_pmem, device_dax or kmem",
                            command.verb));
        }
        if (!snapshot.nvdimm) {
            verdicts.push_back(not_captured(bus.model.profile(), command));
            continue;
        }
        const NdBus before = bus;
        Verdict verdict = predict_and_run(bus, command);
        put_disabled(snapshot, before, command, verdict);
        verdict.assumptions.insert(verdict.assumptions.begin(), reading->assumptions.begin(),
                                   reading->assumptions.end());
        verdicts.push_back(std::move(verdict));
        if (verdicts.back().outcome.kind == Outcome::Kind::crash) break;
    }
    return verdicts;
}

}   // namespace memhot
