// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/pgmaps.hpp"

#include <algorithm>

namespace memhot {

namespace {

// The first span that does not end at or below pfn.
template <class Spans>
auto reaching(Spans& spans, std::uint64_t pfn) {
    return std::lower_bound(spans.begin(), spans.end(), pfn,
                            [](const PfnSpan& span, std::uint64_t value) { return span.end <= value; });
}

template <class Mappings>
auto by_handle(Mappings& mappings, int handle) {
    return std::lower_bound(mappings.begin(), mappings.end(), handle,
                            [](const Mapping& mapping, int value) { return mapping.handle < value; });
}

}   // namespace

bool PgmapTable::lookup(std::uint64_t pfn) const {
    const auto span = reaching(lookups_, pfn);
    return span != lookups_.end() && span->first <= pfn;
}

bool PgmapTable::any_lookup_in(PfnSpan span) const {
    const auto found = reaching(lookups_, span.first);
    return found != lookups_.end() && found->first < span.end;
}

const Mapping* PgmapTable::find(int handle) const {
    const auto found = by_handle(live_, handle);
    return found != live_.end() && found->handle == handle ? &*found : nullptr;
}

int PgmapTable::lowest_free_handle() const {
    int handle = 0;
    for (const auto& mapping : live_) {
        if (mapping.handle != handle) break;
        ++handle;
    }
    return handle;
}

void PgmapTable::insert(Mapping mapping, PfnSpan span) {
    erase_lookup(span);
    lookups_.insert(reaching(lookups_, span.first), span);
    const auto place = by_handle(live_, mapping.handle);
    if (place != live_.end() && place->handle == mapping.handle) {
        *place = std::move(mapping);
    } else {
        live_.insert(place, std::move(mapping));
    }
}

void PgmapTable::remove(int handle, PfnSpan span) {
    erase_lookup(span);
    const auto found = by_handle(live_, handle);
    if (found != live_.end() && found->handle == handle) live_.erase(found);
}

void PgmapTable::erase_lookup(PfnSpan span) {
    auto at = reaching(lookups_, span.first);
    while (at != lookups_.end() && at->first < span.end) {
        const PfnSpan old = *at;
        at = lookups_.erase(at);
        if (old.end > span.end) at = lookups_.insert(at, {span.end, old.end});
        if (old.first < span.first) at = std::next(lookups_.insert(at, {old.first, span.first}));
    }
}

}   // namespace memhot
