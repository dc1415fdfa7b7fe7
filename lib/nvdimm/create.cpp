// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ndctl create-namespace, also as reconfiguration with -e (ndctl/namespace.c: validate_namespace_options,
// namespace_create, namespace_reconfig, setup_namespace).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "nvdimm/command.hpp"

namespace memhot {

namespace {

struct Options {
    std::string region;
    std::optional<std::string> reconfigure;   // -e
    std::optional<std::string> mode;
    std::optional<std::string> size;
    std::optional<std::string> align;
    std::optional<std::string> map;
    std::optional<std::string> sector_size;
    bool force = false;
    std::optional<std::string> extra;         // a word that no option takes
};

// Short and long names of what takes a value.
struct ValueOption {
    std::string_view letter;
    std::string_view word;
    void (*take)(Options&, std::string);
};
constexpr std::array kValueOptions{
    ValueOption{"-r", "--region", [](Options& o, std::string v) { o.region = std::move(v); }},
    ValueOption{"-e", "--reconfig", [](Options& o, std::string v) { o.reconfigure = std::move(v); }},
    ValueOption{"-m", "--mode", [](Options& o, std::string v) { o.mode = std::move(v); }},
    ValueOption{"-s", "--size", [](Options& o, std::string v) { o.size = std::move(v); }},
    ValueOption{"-a", "--align", [](Options& o, std::string v) { o.align = std::move(v); }},
    ValueOption{"-M", "--map", [](Options& o, std::string v) { o.map = std::move(v); }},
    ValueOption{"-l", "--sector-size", [](Options& o, std::string v) { o.sector_size = std::move(v); }},
};

Options parse(const std::vector<std::string>& arguments) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        const std::string name = word.substr(0, word.starts_with("--") ? word.find('=') : std::string::npos);
        const auto* option = std::ranges::find_if(
            kValueOptions, [&](const ValueOption& one) { return name == one.letter || name == one.word; });
        if (option != kValueOptions.end()) {
            if (name != word) {
                option->take(options, word.substr(name.size() + 1));
            } else if (i + 1 < arguments.size()) {
                option->take(options, arguments[++i]);   // also where the next word is an option
            }
        } else if (word == "-f" || word == "--force") {
            options.force = true;
        } else if (!word.starts_with("-") && !options.extra) {
            options.extra = word;
        }
    }
    return options;
}

struct Wanted {
    NsMode mode = NsMode::fsdax;
    PageMap map = PageMap::device;
    std::uint64_t size = 0;
    std::uint64_t align = 0;
    std::uint64_t sector_size = 4096;
};

constexpr std::array kModes{
    std::pair{std::string_view("raw"), NsMode::raw},      std::pair{std::string_view("sector"), NsMode::sector},
    std::pair{std::string_view("safe"), NsMode::sector},  std::pair{std::string_view("fsdax"), NsMode::fsdax},
    std::pair{std::string_view("memory"), NsMode::fsdax}, std::pair{std::string_view("devdax"), NsMode::devdax},
    std::pair{std::string_view("dax"), NsMode::devdax},
};

std::optional<NsMode> parse_mode(std::string_view text) {
    const auto* found = std::ranges::find_if(kModes, [text](const auto& row) { return row.first == text; });
    return found == kModes.end() ? std::nullopt : std::optional(found->second);
}

bool takes_align(NsMode mode) { return mode == NsMode::fsdax || mode == NsMode::devdax; }

// supported_alignments of a seed: a page, a PMD, a PUD.
bool supports_align(const KernelProfile& profile, std::uint64_t align) {
    const std::uint64_t pud = profile.pmd_size * (profile.page_size / 8);
    return align == profile.page_size || align == profile.pmd_size || align == pud;
}

class Creation {
public:
    Creation(NdBus& bus, Options options) : bus_(bus), options_(std::move(options)) {}

    CommandAnswer run() {
        if (auto wrong = usage_error()) return CommandAnswer::fail(*wrong);
        return options_.reconfigure ? reconfigure() : create();
    }

private:
    std::optional<std::string> usage_error() const {
        if (options_.extra) return fmt::format("Error: unknown extra parameter \"{}\"", *options_.extra);
        if (options_.mode && !parse_mode(*options_.mode))
            return fmt::format("Error: invalid mode '{}'", *options_.mode);
        const bool map_fits = !options_.mode || takes_align(*parse_mode(*options_.mode));
        if (options_.map && !map_fits) return "Error: --map only valid for an devdax mode pmem namespace";
        if (options_.map && *options_.map != "mem" && *options_.map != "dev") {
            return fmt::format("Error: invalid map location '{}'", *options_.map);
        }
        return std::nullopt;
    }
    [[nodiscard]] std::string_view doing() const { return options_.reconfigure ? "reconfigure" : "create"; }
    CommandAnswer failed(int error) const {
        return CommandAnswer::fail(fmt::format("failed to {} namespace: {}", doing(), errno_text(error)));
    }

    CommandAnswer create() {
        for (auto& region : bus_.regions) {
            if (!options_.region.empty() && name_of(region) != options_.region) continue;
            Wanted wanted;
            if (auto refused = validate(region, nullptr, wanted)) {
                if (refused->exit == kSkipRegion) continue;
                return *refused;
            }
            NdNamespace* ns = idle_namespace(region);
            if (region.read_only || ns == nullptr) continue;
            if (region.labelled && wanted.size > max_available_extent(region)) continue;
            return set_up(region, *ns, wanted);
        }
        return failed(ENOSPC);
    }

    CommandAnswer reconfigure() {
        const auto found = find_namespace(bus_, *options_.reconfigure);
        if (found.ns == nullptr) return failed(ENXIO);
        Wanted wanted;
        if (auto refused = validate(*found.region, found.ns, wanted)) {
            return refused->exit == kSkipRegion ? failed(EAGAIN) : *refused;
        }
        if (found.region->read_only) return failed(ENXIO);
        if (found.ns->active && !options_.force) return failed(EBUSY);
        if (const int error = disable_safe(bus_, *found.region, *found.ns); error != 0) return failed(error);
        if (found.ns->allocated) zero_info_block(bus_, *found.ns);
        return set_up(*found.region, *found.ns, wanted);
    }

    // region_get_namespace(): the first one while it is idle, else the seed; a label-less region has just one.
    static NdNamespace* idle_namespace(NdRegion& region) {
        NdNamespace* first = region.find(0);
        if (first != nullptr && !first->active && (!region.labelled || !first->allocated)) return first;
        if (!region.labelled) return nullptr;
        NdNamespace* seed = region.find(region.seed);
        return seed == nullptr || seed->active ? nullptr : seed;
    }

    // validate_namespace_options(), in its order.
    std::optional<CommandAnswer> validate(const NdRegion& region, const NdNamespace* ns, Wanted& wanted) {
        wanted.mode = mode_of(ns);
        wanted.map = options_.map == "mem" ? PageMap::ram : PageMap::device;
        if (auto refused = validate_size(region, ns, wanted)) return refused;
        if (auto refused = validate_align(region, ns, wanted)) return refused;
        if (wanted.size % region.align != 0) {
            return CommandAnswer::fail(
                fmt::format("Error: create namespace: {}: align setting is {:#x} size {:#x} is misaligned",
                            name_of(region), region.align, wanted.size));
        }
        return validate_multiple(region, wanted);
    }
    [[nodiscard]] NsMode mode_of(const NdNamespace* ns) const {
        if (options_.mode) return *parse_mode(*options_.mode);
        if (ns != nullptr && ns->active) return ns->active->mode == NsMode::memory ? NsMode::fsdax : ns->active->mode;
        return NsMode::fsdax;
    }
    std::optional<CommandAnswer> validate_size(const NdRegion& region, const NdNamespace* ns, Wanted& wanted) {
        if (options_.size) {
            auto size = parse_size(*options_.size);
            if (!size) return CommandAnswer::fail("Error: failed to parse namespace size");
            wanted.size = *size;
        } else if (ns != nullptr) {
            wanted.size = ns->size();
        }
        const std::uint64_t available = region.labelled ? max_available_extent(region) : region.space.size();
        if (ns == nullptr && !options_.size) wanted.size = available;
        const std::uint64_t limit = available + (ns != nullptr ? ns->size() : 0);
        const bool capacity_counts = ns == nullptr || region.labelled;
        if (capacity_counts && (limit == 0 || wanted.size > limit)) return skip();
        // "Legacy / label-less namespaces do not support sub-dividing a region"
        if (!region.labelled && wanted.size != region.space.size()) return failed(EINVAL);
        return std::nullopt;
    }
    std::optional<CommandAnswer> validate_align(const NdRegion& region, const NdNamespace* ns, Wanted& wanted) {
        const KernelProfile& profile = bus_.model.profile();
        if (options_.align) {
            if (!takes_align(wanted.mode)) return failed(ENXIO);
            const auto align = parse_size(*options_.align);
            if (!align || !supports_align(profile, *align)) return failed(ENXIO);
            wanted.align = *align;
            return std::nullopt;
        }
        wanted.align = profile.page_size;
        if (!takes_align(wanted.mode)) return std::nullopt;
        const bool same_mode = ns != nullptr && ns->active && ns->active->mode == wanted.mode && ns->active->align != 0;
        wanted.align = same_mode ? ns->active->align : profile.pmd_size;
        if (region.space.start % wanted.align != 0) wanted.align = profile.page_size;
        return std::nullopt;
    }
    std::optional<CommandAnswer> validate_multiple(const NdRegion& region, const Wanted& wanted) const {
        const std::uint64_t multiple = wanted.align * std::max(1U, region.ways);
        if (wanted.size % multiple != 0) {
            const auto unit = unit_of_size();
            const std::uint64_t next = (wanted.size / multiple + 1) * multiple / unit.first;
            return CommandAnswer::fail(fmt::format("did you intend --size={}{}?", next, unit.second));
        }
        if (wanted.size < kSmallestClaim && wanted.mode != NsMode::raw) return failed(EINVAL);
        return std::nullopt;
    }
    // The suffix that the size was given with is used for the suggestion.
    [[nodiscard]] std::pair<std::uint64_t, std::string_view> unit_of_size() const {
        constexpr std::string_view kLetters = "KMGT";
        const char last = options_.size && !options_.size->empty() ? options_.size->back() : '0';
        const auto power = kLetters.find(static_cast<char>(last & ~0x20));
        if (power == std::string_view::npos) return {1, ""};
        return {1ULL << (10 * (power + 1)), kLetters.substr(power, 1)};
    }

    CommandAnswer set_up(NdRegion& region, NdNamespace& ns, const Wanted& wanted) {
        const bool fresh = !options_.reconfigure;
        if (region.labelled) {
            ns.identity = ++bus_.last_identity;
            if (const int error = set_size(region, ns, wanted.size); error != 0) return failed(error);
        }
        const EnableAnswer answer = enable_as(region, ns, wanted);
        if (answer.error == 0) return success(ns);
        if (fresh && region.labelled) {   // autorecover
            zero_info_block(bus_, ns);
            set_size(region, ns, 0);
        }
        return failed(answer.error == EINVAL ? EINVAL : ENXIO);
    }
    EnableAnswer enable_as(NdRegion& region, NdNamespace& ns, const Wanted& wanted) {
        const bool plain_pages = wanted.mode == NsMode::fsdax && region.page_map && wanted.map == PageMap::ram;
        if (wanted.mode == NsMode::raw || plain_pages) return enable_namespace(bus_, region, ns);
        if (takes_align(wanted.mode) && !options_.force && !is_aligned(ns.space.start, kNdctlStartAlign)) {
            return {EINVAL, RuleId::none};   // "misaligned to 16M, adjust region alignment and retry"
        }
        const InfoBlock info{.mode = wanted.mode,
                             .map = wanted.map,
                             .align = wanted.align,
                             .sector_size = wanted.sector_size,
                             .geometry = {},
                             .parent = 0};
        return create_instance(bus_, region, ns, info);
    }
    static CommandAnswer success(const NdNamespace& ns) {
        CommandAnswer answer;
        answer.mode = std::string(to_string(ns.active->mode));
        answer.size = ns.active->size;
        if (ns.active->align != 0) answer.align = ns.active->align;
        const bool pages = takes_align(ns.active->mode) || ns.active->mode == NsMode::memory;
        if (pages) answer.map = ns.active->map == PageMap::ram ? "mem" : "dev";
        return answer;
    }

    static constexpr int kSkipRegion = -1;
    static CommandAnswer skip() {
        CommandAnswer answer;
        answer.exit = kSkipRegion;
        return answer;
    }

    NdBus& bus_;
    Options options_;
};

}   // namespace

CommandAnswer create_namespace(NdBus& bus, const std::vector<std::string>& arguments) {
    return Creation(bus, parse(arguments)).run();
}

}   // namespace memhot
