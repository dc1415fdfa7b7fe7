// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Facts from the kernel's type information (/sys/kernel/btf/vmlinux) through libbpf, where it is built in. One walk over
// all types, since looking each name up walks them all as well.
#include "host/features.hpp"
#include "host/type_names.hpp"

#ifdef MEMHOT_HAVE_BTF

#include <algorithm>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <limits>
#include <memory>

namespace memhot::host {
namespace {

// libbpf complains to stderr about what it cannot read; the library prints nothing. The setting is the process's own,
// so it is put back.
class Silence {
public:
    Silence() : before_(libbpf_set_print(nullptr)) {}
    ~Silence() { libbpf_set_print(before_); }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

private:
    libbpf_print_fn_t before_;
};

struct BtfDeleter {
    void operator()(btf* types) const { btf__free(types); }
};

std::string_view name_at(const btf* types, std::uint32_t offset) {
    const char* name = btf__name_by_offset(types, offset);
    return name == nullptr ? std::string_view{} : std::string_view(name);
}

void take_structure(const btf* types, const btf_type* type, std::string_view name, TypeFacts& facts) {
    if (name == "page") facts.struct_page_size = type->size;
    for (const auto wanted : wanted_members(name)) {
        const btf_member* members = btf_members(type);
        const bool there = std::any_of(members, members + btf_vlen(type), [&](const btf_member& member) {
            return name_at(types, member.name_off) == wanted;
        });
        facts.members.emplace_back(fmt::format("{}.{}", name, wanted), there);
    }
}

}   // namespace

TypeFacts read_type_facts(std::string_view text) {
    TypeFacts facts;
    if (text.empty() || text.size() > std::numeric_limits<std::uint32_t>::max()) return facts;
    const Silence silence;
    const std::unique_ptr<btf, BtfDeleter> types(btf__new(text.data(), static_cast<std::uint32_t>(text.size())));
    // A kernel newer than the libbpf may use kinds of types that it does not know: then BTF tells nothing.
    if (!types) return facts;
    const std::uint32_t count = btf__type_cnt(types.get());
    for (std::uint32_t id = 1; id < count; ++id) {
        const btf_type* type = btf__type_by_id(types.get(), id);
        if (!btf_is_struct(type) && !btf_is_func(type)) continue;
        const auto name = name_at(types.get(), type->name_off);
        if (btf_is_func(type)) {
            if (is_wanted_function(name)) facts.functions.emplace_back(name);
        } else if (is_wanted_structure(name)) {
            take_structure(types.get(), type, name, facts);
        }
    }
    return facts;
}

}   // namespace memhot::host

#else

namespace memhot::host {

TypeFacts read_type_facts(std::string_view) { return {}; }

}   // namespace memhot::host

#endif
