// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The identity of the running kernel (kernel_identity.hpp).
#include "host/kernel_identity.hpp"

#include <bit>
#include <charconv>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/tables.hpp"
#include "memhot/units.hpp"
#include "units/quote.hpp"

namespace memhot::host {
namespace {

constexpr std::size_t kCpuinfoLimit = std::size_t{32} << 20U;
constexpr std::size_t kSmapsLimit = std::size_t{16} << 20U;

bool starts_with_digit(std::string_view text) { return !text.empty() && text.front() >= '0' && text.front() <= '9'; }

std::optional<Version> version_behind(std::string_view text, std::string_view marker) {
    const auto at = text.find(marker);
    if (at == std::string_view::npos || !starts_with_digit(text.substr(at + marker.size()))) return std::nullopt;
    const auto version = parse_version(text.substr(at + marker.size()));
    return version ? std::optional(*version) : std::nullopt;
}

// Fills in a word of /proc that a copied tree may lack.
Status take_word(const Root& root, std::string_view path, std::string& into) {
    auto word = root.find_word(path);
    if (!word) return word.error();
    if (*word) into = std::move(**word);
    return Done{};
}

Status read_this_host(KernelIdentity& identity) {
    utsname names{};
    if (::uname(&names) != 0) return Error(ErrorKind::io, "uname() failed");
    identity.hostname = names.nodename;
    identity.release = names.release;
    identity.version_text = names.version;
    identity.arch = names.machine;
    identity.page_size = static_cast<std::uint64_t>(::getpagesize());
    return Done{};
}

Status read_copied_tree(const Root& root, KernelIdentity& identity) {
    std::string banner;
    if (auto status = take_word(root, "proc/version", banner); !status) return status;
    auto parts = parse_banner(banner);
    identity.release = std::move(parts.release);
    identity.version_text = std::move(parts.version_text);
    const std::pair<std::string_view, std::string*> files[] = {
        {"proc/sys/kernel/hostname", &identity.hostname},
        {"proc/sys/kernel/osrelease", &identity.release},
        {"proc/sys/kernel/version", &identity.version_text},
        {"proc/sys/kernel/arch", &identity.arch},   // since 6.1
    };
    for (const auto& [path, into] : files) {
        if (auto status = take_word(root, path, *into); !status) return status;
    }
    if (identity.arch.empty() && !identity.release.empty()) {
        const auto named = kernel::parse_release(identity.release);
        if (named && named->arch) identity.arch = to_string(*named->arch);
    }
    const auto smaps = root.find("proc/self/smaps", kSmapsLimit);
    if (!smaps) return smaps.error();
    if (*smaps) identity.page_size = page_size_of_smaps(**smaps);
    return Done{};
}

}   // namespace

BannerParts parse_banner(std::string_view banner) {
    // init/version.c linux_proc_banner: "Linux version RELEASE (user@host) (compiler) VERSION", and VERSION starts "#1".
    constexpr std::string_view kStart = "Linux version ";
    BannerParts parts;
    if (!banner.starts_with(kStart)) return parts;
    const auto rest = banner.substr(kStart.size());
    parts.release = rest.substr(0, rest.find(' '));
    const auto number = rest.find(" #");
    if (number != std::string_view::npos) parts.version_text = trimmed(rest.substr(number + 1));
    return parts;
}

std::optional<Version> upstream_version(std::string_view release, std::string_view version_text,
                                        std::string_view signature) {
    if (const auto debian = version_behind(version_text, "Debian ")) return debian;
    if (signature.starts_with("Ubuntu ")) {
        if (const auto last = signature.rfind(' '); last > 6) {
            if (const auto ubuntu = version_behind(signature.substr(last), " ")) return ubuntu;
        }
    }
    const auto parts = kernel::parse_release(release);
    if (!parts || parts->hides_patch || parts->enterprise) return std::nullopt;
    return parts->version;
}

std::uint64_t page_size_of_smaps(std::string_view smaps) {
    constexpr std::string_view kName = "KernelPageSize:";
    const auto at = smaps.find(kName);
    if (at == std::string_view::npos) return 0;
    const auto line = trimmed(smaps.substr(at + kName.size(), smaps.find('\n', at) - at - kName.size()));
    std::uint64_t kilobytes = 0;
    const auto end = std::from_chars(line.data(), line.data() + line.size(), kilobytes).ptr;
    const auto unit = line.substr(static_cast<std::size_t>(end - line.data()));
    const bool plausible = std::has_single_bit(kilobytes) && kilobytes >= 4 && kilobytes <= 256 && unit == " kB";
    return plausible ? kilobytes * kKiB : 0;
}

std::optional<unsigned> physmem_bits_of_cpuinfo(std::string_view arch, std::string_view cpuinfo) {
    if (arch != "x86_64") return std::nullopt;
    const auto at = cpuinfo.find("\nflags");
    if (at == std::string_view::npos) return std::nullopt;
    const auto line = cpuinfo.substr(at + 1, cpuinfo.find('\n', at + 1) - at - 1);
    const std::string flags = fmt::format("{} ", line);
    return flags.find(" la57 ") != std::string::npos ? 52U : 46U;
}

Result<KernelIdentity> read_kernel_identity(const Root& root) {
    KernelIdentity identity;
    if (auto names = root.is_this_host() ? read_this_host(identity) : read_copied_tree(root, identity); !names) {
        return names.error();
    }
    std::string signature;
    if (auto status = take_word(root, "proc/version_signature", signature); !status) return status.error();
    identity.version = upstream_version(identity.release, identity.version_text, signature);

    const auto cpuinfo = root.find("proc/cpuinfo", kCpuinfoLimit);
    if (!cpuinfo) return cpuinfo.error();
    if (*cpuinfo) identity.max_physmem_bits = physmem_bits_of_cpuinfo(identity.arch, **cpuinfo);

    const auto cmdline = root.find("proc/cmdline", kAttributeLimit);
    if (!cmdline) return cmdline.error();
    if (*cmdline) identity.cmdline = trimmed(**cmdline);
    return identity;
}

}   // namespace memhot::host
