// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/host.hpp"

#include <fmt/format.h>

namespace memhotctl {

using memhot::Arch;
using memhot::Error;
using memhot::ErrorKind;
using memhot::KernelProfile;
using memhot::Result;
using memhot::Snapshot;

namespace {

// What --arch and --page-size ask for; absent: as the host.
struct Machine {
    std::optional<Arch> arch;
    std::optional<std::uint64_t> page_size;
};

Result<Machine> parse_machine(const HostRequest& request) {
    Machine machine;
    if (request.arch) {
        auto arch = memhot::parse_arch(*request.arch);
        if (!arch) return std::move(arch).error().add_context("--arch");
        machine.arch = *arch;
    }
    if (request.page_size) {
        auto size = memhot::parse_size(*request.page_size);
        if (!size) return std::move(size).error().add_context("--page-size");
        machine.page_size = *size;
    }
    return machine;
}

// The host's own release on another machine.
Result<KernelProfile> moved_profile(const Snapshot& snapshot, const Machine& machine) {
    auto own = snapshot.profile();
    memhot::ProfileRequest other;
    other.release = snapshot.release;
    other.version = own ? std::optional(own->version) : snapshot.version;
    if (auto arch = memhot::parse_arch(snapshot.arch)) other.arch = *arch;
    if (machine.arch.value_or(other.arch) == other.arch) other.page_size = snapshot.page_size;
    if (machine.arch) other.arch = *machine.arch;
    if (machine.page_size) other.page_size = machine.page_size;
    auto profile = memhot::make_profile(other);
    // the release's name would be that of the host's kernel
    if (profile) profile->name = fmt::format("{}-{}", to_string(profile->arch), to_string(profile->version));
    return std::move(profile).with_context(machine.page_size ? "--page-size" : "--arch");
}

// The page size that is usual on an architecture, from the tables.
std::uint64_t usual_page_size(Arch arch) {
    memhot::ProfileRequest request;
    request.version = memhot::Version{6, 12, 0};
    request.arch = arch;
    const auto profile = memhot::make_profile(request);
    return profile ? profile->page_size : 0;
}

// Whether a name says the architecture itself: then it is the same whatever the base is.
bool names_arch(const std::string& name) {
    KernelProfile x86;
    KernelProfile arm;
    arm.arch = Arch::arm64;
    const auto one = memhot::named_profile(name, x86);
    const auto other = memhot::named_profile(name, arm);
    return one && other && one->arch == other->arch;
}

// --kernel only needs to know what machine it would run on; the host's own release may have no rules here.
Result<KernelProfile> named_profile(const Snapshot& snapshot, const std::string& name, const Machine& machine) {
    const auto host_arch = memhot::parse_arch(snapshot.arch);
    if (!host_arch && !machine.arch && !names_arch(name)) {
        return memhot::bad_input(fmt::format(
            "--kernel {}: the host does not say its architecture, expected a profile such as x86_64-6.12", name));
    }
    KernelProfile base;
    if (host_arch) base.arch = *host_arch;
    // The pages of the host mean nothing on another architecture.
    const bool other_arch = machine.arch && (!host_arch || *machine.arch != *host_arch);
    if (machine.arch) base.arch = *machine.arch;
    base.page_size = other_arch || snapshot.page_size == 0 ? usual_page_size(base.arch) : snapshot.page_size;
    if (machine.page_size) base.page_size = *machine.page_size;
    auto named = memhot::named_profile(name, base);
    if (!named) return std::move(named).error().add_context("--kernel");
    if ((machine.arch && named->arch != *machine.arch) ||
        (machine.page_size && named->page_size != *machine.page_size)) {
        return memhot::bad_input(
            fmt::format("--kernel {} is {} with pages of {}, which contradicts --arch or --page-size", name,
                        to_string(named->arch), memhot::human_size(named->page_size)));
    }
    return named;
}

Result<KernelProfile> asked_profile(const Snapshot& snapshot, const HostRequest& request) {
    if (!request.asks_for_another_kernel()) return snapshot.profile();
    const auto machine = parse_machine(request);
    if (!machine) return machine.error();
    return request.kernel ? named_profile(snapshot, *request.kernel, *machine) : moved_profile(snapshot, *machine);
}

// So is the MMU of powerpc, which the boot chooses.
void keep_mmu(const Snapshot& snapshot, KernelProfile& profile) {
    const auto own = memhot::parse_arch(snapshot.arch);
    if (profile.arch != Arch::ppc64 || !own || *own != Arch::ppc64) return;
    for (const auto& [feature, there] : snapshot.features) {
        if (feature != memhot::Feature::hash_mmu) continue;
        profile.features[static_cast<std::size_t>(feature)] = there;
        std::erase_if(profile.assumptions, [](const std::string& line) { return line.starts_with("the MMU is "); });
    }
}

Result<KernelProfile> profile_for(const Snapshot& snapshot, const HostRequest& request) {
    auto profile = asked_profile(snapshot, request);
    if (!profile) return profile;
    // Five page table levels are a property of the machine, not of the release (pgtable_l5_enabled()).
    if (profile->arch == Arch::x86_64 && snapshot.max_physmem_bits && memhot::parse_arch(snapshot.arch).ok() &&
        *memhot::parse_arch(snapshot.arch) == Arch::x86_64) {
        profile->max_physmem_bits = *snapshot.max_physmem_bits;
    }
    keep_mmu(snapshot, *profile);
    return profile;
}

// A block is never smaller than a section, and how large it is was decided by the kernel that booted.
void adapt_block_size(Snapshot& snapshot, const KernelProfile& profile, std::vector<std::string>& assumptions) {
    if (!snapshot.memory_block_size || *snapshot.memory_block_size >= profile.section_size()) return;
    assumptions.push_back(
        fmt::format("memory blocks are as large as a section of {} ({}), and all memory is as at boot", profile.name,
                    memhot::human_size(profile.section_size())));
    snapshot.memory_block_size = profile.section_size();
    snapshot.blocks.reset();
    snapshot.block_nodes.clear();
    snapshot.zones.clear();
}

// Which files there are is the host's own kernel's affair: on another architecture the file `probe` is there, or not.
void forget_files(Snapshot& snapshot, const KernelProfile& profile) {
    const auto own = memhot::parse_arch(snapshot.arch);
    if (own && *own != profile.arch) snapshot.probe.reset();
}

// The word was found on the running kernel; another one boots with its own, unless the command line says it.
void keep_online_policy(const Snapshot& snapshot, const KernelProfile& profile, std::vector<std::string>& assumptions) {
    const auto& word = snapshot.auto_online_blocks;
    if (!word || snapshot.cmdline.find("memhp_default_state=") != std::string::npos) return;
    const bool online = profile.has(memhot::Feature::default_online);
    if ((*word != "offline") == online) return;
    assumptions.push_back(fmt::format("auto_online_blocks is {}, as on this host: {} as Debian builds it boots with {}",
                                      *word, profile.name, online ? "online" : "offline"));
}

}   // namespace

memhot::RangeUnits Host::units() const {
    if (model) return model->units();
    memhot::RangeUnits units;
    units.block_size = snapshot.memory_block_size.value_or(0);
    if (profile) {
        units.section_size = profile->section_size();
    } else if (snapshot.section_size_bits && *snapshot.section_size_bits < 64) {
        units.section_size = 1ULL << *snapshot.section_size_bits;
    }
    return units;
}

Result<const memhot::Model*> Host::need_model() const {
    if (model) return &*model;
    if (no_model->kind() != ErrorKind::not_permitted) return *no_model;
    return Error(ErrorKind::not_permitted, with_remedy(no_model->message()));
}

std::string Host::with_remedy(const std::string& why) const {
    // The reader of /proc/iomem may have named it already.
    if (why.find("CAP_SYS_ADMIN") != std::string::npos) return why;
    return why + (this_machine ? "; run memhotctl as root (CAP_SYS_ADMIN), or give --snapshot FILE of a capture that "
                                 "root made"
                               : "; capture that host as root (CAP_SYS_ADMIN)");
}

Result<Snapshot> read_snapshot(const HostRequest& request) {
    if (request.snapshot) return memhot::load_snapshot(*request.snapshot);
    return memhot::read_host(request.root.value_or("/"));
}

Result<Host> make_host(Snapshot snapshot, const HostRequest& request) {
    Host host;
    host.this_machine = request.is_this_machine();
    if (snapshot.page_size == 0 && request.asks_for_another_kernel()) {
        host.assumptions.emplace_back("pages are as large as usual: the host does not say");
    }
    auto profile = profile_for(snapshot, request);
    if (!profile && request.asks_for_another_kernel()) return std::move(profile).error();
    if (profile) {
        host.profile = std::make_shared<const KernelProfile>(*std::move(profile));
        if (request.asks_for_another_kernel()) {
            snapshot.boots_anew = true;
            adapt_block_size(snapshot, *host.profile, host.assumptions);
            forget_files(snapshot, *host.profile);
            keep_online_policy(snapshot, *host.profile, host.assumptions);
        }
        auto model = memhot::Model::from_snapshot(snapshot, host.profile);
        if (model) {
            host.model = *std::move(model);
        } else {
            host.no_model = std::move(model).error();
        }
    } else {
        host.no_profile = std::move(profile).error();
        host.no_model = host.no_profile;
    }
    host.snapshot = std::move(snapshot);
    return host;
}

}   // namespace memhotctl
