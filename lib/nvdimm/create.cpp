// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ndctl create-namespace, also as reconfiguration with -e (ndctl/namespace.c: namespace_create, namespace_reconfig,
// setup_namespace).
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "nvdimm/create_request.hpp"
#include "nvdimm/kernel_log.hpp"

namespace memhot {

namespace {

class Creation {
public:
    Creation(NdBus& bus, const CreateRequest& request, Console& console)
        : bus_(bus), request_(request), console_(console) {}

    CommandAnswer run() { return request_.reconfigure ? reconfigure() : create(); }
    // What setup_namespace() was given so far.
    [[nodiscard]] const std::vector<NamespaceRequest>& given() const { return given_; }

private:
    // do_xaction_namespace() and the end of cmd_create_namespace().
    CommandAnswer create() {
        NdAnswer last = nd_refuse(RuleId::ndctl_no_such);
        NdAnswer saved{0, RuleId::nd_accepted};
        int created = 0;
        for (NdRegion* region : regions_in_order(bus_)) {
            if (request_.block_type || !matches_region(*region, request_.where)) continue;
            last = create_in(*region);
            if (last.crash) return crashed(last);
            if (last.ok()) ++created;
            if (last.error == EAGAIN || (last.ok() && request_.greedy)) continue;
            if (last.ok() || !request_.greedy || !request_.force) return created_some(created, last);
            saved = last;
        }
        if (last.error == EAGAIN)
            last = created > 0 ? NdAnswer{0, RuleId::nd_accepted} : nd_refuse(RuleId::ndctl_no_capacity);
        return created_some(created, saved.ok() ? last : saved);
    }

    CommandAnswer created_some(int created, const NdAnswer& answer) {
        if (request_.greedy) console_.say(fmt::format("created {} namespace{}", created, created == 1 ? "" : "s"));
        if (answer.ok() && created > 0) return finish_with_result(answer);
        // cmd_create_namespace() starts again with -t blk, and the error of that is the one that is told
        int rc = request_.scan && created == 0 ? -ENXIO : -shown_error(answer);
        if (console_.errors() == 0) {
            console_.say(fmt::format("failed to create namespace: {}", errno_text(-rc)));
            rc = -ENODEV;
        }
        return console_.finish(rc, answer);
    }

    CommandAnswer reconfigure() {
        const auto found = find_namespace(bus_, *request_.reconfigure);
        NdAnswer answer = nd_refuse(RuleId::ndctl_no_such);
        if (found.ns != nullptr && matches_region(*found.region, request_.where))
            answer = reconfigure(*found.region, *found.ns);
        if (answer.crash) return crashed(answer);
        if (answer.ok()) return finish_with_result(answer);
        if (answer.error == EAGAIN) answer = nd_refuse(RuleId::ndctl_no_capacity);
        const int rc = -shown_error(answer);
        if (console_.errors() == 0) console_.say(fmt::format("failed to reconfigure namespace: {}", errno_text(-rc)));
        return console_.finish(rc, answer);
    }

    // The kernel's reason is lost where an instance could not be enabled: libndctl says ENXIO.
    [[nodiscard]] int shown_error(const NdAnswer& answer) const { return hidden_ ? ENXIO : answer.error; }

    CommandAnswer crashed(const NdAnswer& answer) {
        CommandAnswer out = console_.finish(-EIO, answer);
        out.crash = true;
        return out;
    }

    NdAnswer create_in(NdRegion& region) {
        Wanted wanted;
        if (auto refused = check_region(bus_, request_, region, console_, wanted); !refused.ok()) return refused;
        const int id = idle_namespace(region)->id;
        NdNamespace& ns = *region.find(id);
        const NdAnswer answer = set_up(region, ns, wanted);
        if (answer.ok() || answer.crash || !request_.autorecover) return answer;
        if (const auto freed = set_size(region, ns, 0); freed.crash)
            return freed;   // while a btt claims it, it just fails
        drop_if_idle(region, id);
        return answer;
    }

    NdAnswer reconfigure(NdRegion& region, NdNamespace& found) {
        Wanted wanted;
        NdNamespace* ns = &found;
        if (auto refused = validate_request(bus_, request_, region, ns, console_, wanted); !refused.ok())
            return refused;
        if (auto refused = prepare_reconfigure(bus_, region, *ns, request_.force, console_, nullptr); !refused.ok()) {
            return refused;
        }
        const bool init_labels = !region.labelled && request_.autolabel && region.can_label;
        if (init_labels) {
            if (auto refused = enable_labels(region); !refused.ok()) return refused;
            ns = region.find(0);
        }
        return set_up(region, *ns, wanted, init_labels);
    }

    // enable_labels(): the region is disabled, its DIMMs get empty labels, and it comes up with a seed and no namespace.
    // What was there stays on the media, but belongs to nobody.
    NdAnswer enable_labels(NdRegion& region) {
        bool in_use = false;
        for (const auto& mapping : region.mappings) {
            if (!used_elsewhere(region, mapping.dimm)) continue;
            in_use = true;
            console_.say(fmt::format("Warning: {} is active in {}, failing autolabel", mapping.dimm, name_of(region)));
        }
        if (in_use) {   // the region comes up as it was, and its one namespace with it
            enable_namespace(bus_, region, *region.find(0));
            return nd_refuse(RuleId::ndctl_autolabel_busy);
        }
        region.labelled = true;
        region.btt2 = true;   // labels 1.2
        region.seed = 0;
        region.seeds = {};
        const unsigned zeroed = region.find(0)->zeroed;
        region.namespaces.clear();
        region.namespaces[0] = {.id = 0, .zeroed = zeroed};
        for (auto& mapping : region.mappings) {
            mapping.enabled = true;
            mapping.slots.reset();   // some hundreds
        }
        return {0, RuleId::nd_accepted};
    }

    [[nodiscard]] bool used_elsewhere(const NdRegion& region, std::string_view dimm) const {
        return std::ranges::any_of(bus_.regions, [&](const NdRegion& other) {
            return other.id != region.id && other.enabled &&
                   std::ranges::find(other.mappings, dimm, &NdMapping::dimm) != other.mappings.end();
        });
    }

    // setup_namespace()
    NdAnswer set_up(NdRegion& region, NdNamespace& ns, const Wanted& wanted, bool init_labels = false) {
        given_.push_back(request_for(region, ns, wanted, init_labels));
        if (region.labelled) {
            if (auto refused = write_label(region, ns, wanted.size); !refused.ok()) return refused;
        }
        const bool instance =
            wanted.mode == NsMode::sector || wanted.mode == NsMode::devdax || needs_pfn(region, ns, wanted);
        const bool on_16m = is_aligned(ns.space.start, kNdctlStartAlign);
        if (instance && has_pages(wanted.mode) && !request_.force && !on_16m) {
            console_.error(fmt::format("{} misaligned to 16M, adjust region alignment and retry", name_of(region, ns)));
            return nd_refuse(RuleId::ndctl_start_16m);
        }
        const NdAnswer answer = instance ? enable_as(region, ns, wanted) : enable_namespace(bus_, region, ns);
        if (answer.ok()) {
            done_ = {&region, &ns};
        } else {
            hidden_ = true;
            console_.error(fmt::format("{}: failed to enable", name_of(region, ns)));
        }
        return answer;
    }

    NamespaceRequest request_for(const NdRegion& region, const NdNamespace& ns, const Wanted& wanted,
                                 bool init_labels) const {
        NamespaceRequest out;
        out.what = request_.reconfigure ? NamespaceRequest::What::reconfigure : NamespaceRequest::What::create;
        out.region = name_of(region);
        out.name = name_of(region, ns);
        out.labelled = region.labelled;
        out.force = request_.force;
        out.init_labels = init_labels;
        out.mode = public_mode(wanted.mode);
        out.instance = instance_for(region, ns, wanted);
        out.map_in_ram = wanted.map == PageMap::ram;
        out.size = wanted.size;
        out.align = wanted.align;
        // ndctl gives a new namespace the kernel's default of 512 itself
        const std::uint64_t unasked = request_.reconfigure ? 0 : 512;
        out.sector_size = wanted.mode == NsMode::sector ? wanted.sector_size : request_.sector_size.value_or(unasked);
        out.uuid = request_.uuid;
        out.alt_name = request_.reconfigure ? request_.name : request_.name.value_or("");
        return out;
    }

    static NamespaceMode public_mode(NsMode mode) {
        switch (mode) {
            case NsMode::sector: return NamespaceMode::sector;
            case NsMode::devdax: return NamespaceMode::devdax;
            case NsMode::fsdax: return NamespaceMode::fsdax;
            case NsMode::memory:
            case NsMode::raw: break;
        }
        return NamespaceMode::raw;
    }

    [[nodiscard]] NamespaceRequest::Instance instance_for(const NdRegion& region, const NdNamespace& ns,
                                                          const Wanted& wanted) const {
        using enum NamespaceRequest::Instance;
        if (wanted.mode == NsMode::sector) return btt;
        if (wanted.mode == NsMode::devdax) return dax;
        return needs_pfn(region, ns, wanted) ? pfn : none;
    }

    NdAnswer write_label(NdRegion& region, NdNamespace& ns, std::uint64_t size) {
        // by now a reconfiguration has zeroed the info block
        if (const auto stored = set_uuid(bus_, region, ns, request_.uuid.value_or("")); !stored.ok())
            return stored.crash ? stored : failed_write(region, ns, "set_uuid", stored);
        if (size == 0) return failed_write(region, ns, "set_size", nd_refuse(RuleId::ndctl_size_zero));
        const bool ignore = bus_.model.profile().has(Feature::nd_full_dimm_ignored);
        const std::uint64_t have = ns.size();
        const NdAnswer answer = set_size(region, ns, size, ignore);
        if (answer.rule == RuleId::nd_size_no_room) log_underrun(bus_, region, size - have);
        return answer.ok() || answer.crash ? answer : failed_write(region, ns, "set_size", answer);
    }

    NdAnswer failed_write(const NdRegion& region, const NdNamespace& ns, std::string_view what,
                          const NdAnswer& answer) {
        console_.err(fmt::format("{}: {} failed: {}", name_of(region, ns), what, errno_text(answer.error)));
        return answer;
    }

    // do_setup_pfn(): a namespace that gets struct pages itself needs no instance for map=mem.
    [[nodiscard]] bool needs_pfn(const NdRegion& region, const NdNamespace& ns, const Wanted& wanted) const {
        if (wanted.mode != NsMode::fsdax) return false;
        return mode_of(bus_, region, ns) != NsMode::fsdax || wanted.map == PageMap::device;
    }

    NdAnswer enable_as(NdRegion& region, NdNamespace& ns, const Wanted& wanted) {
        const InfoBlock info{.mode = wanted.mode,
                             .map = wanted.map,
                             .align = wanted.align,
                             .sector_size = wanted.sector_size,
                             .geometry = {},
                             .parent = 0,
                             .page_size = bus_.model.profile().page_size,
                             .struct_page_size = 64};
        const NdAnswer answer = create_instance(bus_, region, ns, info);
        if (!answer.ok() && !request_.autorecover) ns.claimed = wanted.mode;
        return answer;
    }

    CommandAnswer finish_with_result(const NdAnswer& answer) {
        CommandAnswer out = console_.finish(0, answer);
        const Personality& active = *done_.ns->active;
        out.mode = std::string(to_string(active.mode));
        out.size = active.size;
        if (active.align != 0) out.align = active.align;
        if (has_pages(active.mode) || active.mode == NsMode::memory)
            out.map = active.map == PageMap::ram ? "mem" : "dev";
        return out;
    }

    NdBus& bus_;
    const CreateRequest& request_;
    Console& console_;
    FoundNamespace done_;
    std::vector<NamespaceRequest> given_;
    bool hidden_ = false;   // the error is libndctl's, not the kernel's
};

}   // namespace

CommandAnswer create_namespace(NdBus& bus, const std::vector<std::string>& arguments) {
    Console console("create namespace");
    const auto request = read_create_request(bus.model.profile(), arguments, console);
    if (!request) return console.usage(RuleId::ndctl_usage);
    return Creation(bus, *request, console).run();
}

std::vector<NamespaceRequest> creations(NdBus& bus, const std::vector<std::string>& arguments) {
    Console console;
    const auto request = read_create_request(bus.model.profile(), arguments, console);
    if (!request) return {};
    Creation creation(bus, *request, console);
    creation.run();
    return creation.given();
}

}   // namespace memhot
