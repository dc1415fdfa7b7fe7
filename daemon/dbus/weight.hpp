// SPDX-License-Identifier: GPL-2.0-or-later
//
// About how many bytes a value takes in a message.
#pragma once

#include <sdbus-c++/sdbus-c++.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace memhot::bus {

template <class T>
    requires std::is_arithmetic_v<T>
std::uint64_t weight(T) {
    return 8;
}
inline std::uint64_t weight(const std::string& text) { return text.size() + 8; }   // an object path is one, too
// The bus lets 64 descriptors be on their way; what is behind one is memory for as long as somebody has it.
inline std::uint64_t weight(const sdbus::UnixFd& file) {
    constexpr std::uint64_t kDescriptor = std::uint64_t{2} << 20;
    struct stat status{};
    const bool known = ::fstat(file.get(), &status) == 0 && status.st_size > 0;
    return kDescriptor + (known ? static_cast<std::uint64_t>(status.st_size) / 8 : 0);
}
template <class... T>
std::uint64_t weight(const sdbus::Struct<T...>& fields);
template <class T>
std::uint64_t weight(const std::vector<T>& list) {
    std::uint64_t out = 8;
    for (const auto& one : list) out += weight(one);
    return out;
}
template <class... T>
std::uint64_t weight(const sdbus::Struct<T...>& fields) {
    return std::apply([](const T&... field) { return (std::uint64_t{8} + ... + weight(field)); },
                      static_cast<const std::tuple<T...>&>(fields));
}

}   // namespace memhot::bus
