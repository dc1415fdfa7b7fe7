// SPDX-License-Identifier: GPL-2.0-or-later
//
// Why something asked over the bus was not done: the name of an error of org.memhot1(5) and one line.
#pragma once

#include <array>
#include <expected>
#include <string>
#include <string_view>

#include "memhot/result.hpp"

namespace memhot::service {

// Behind org.memhot1.Error.; org.memhot1(5) says of each what it means.
namespace error_name {
inline constexpr std::string_view kBadInput = "BadInput";
inline constexpr std::string_view kNotFound = "NotFound";
inline constexpr std::string_view kHidden = "Hidden";
inline constexpr std::string_view kIo = "Io";
inline constexpr std::string_view kUnsupported = "Unsupported";
inline constexpr std::string_view kAmbiguous = "Ambiguous";
inline constexpr std::string_view kNotAuthorized = "NotAuthorized";
inline constexpr std::string_view kLimitExceeded = "LimitExceeded";
inline constexpr std::string_view kRefused = "Refused";
inline constexpr std::string_view kStale = "Stale";
inline constexpr std::string_view kNotConfirmed = "NotConfirmed";
inline constexpr std::string_view kBusy = "Busy";
inline constexpr std::string_view kInternal = "Internal";
inline constexpr std::array kAll{kBadInput,     kNotFound,      kHidden,        kIo,      kUnsupported,
                                 kAmbiguous,    kNotAuthorized, kLimitExceeded, kRefused, kStale,
                                 kNotConfirmed, kBusy,          kInternal};
}   // namespace error_name

struct Failure {
    std::string_view name = error_name::kInternal;
    std::string text;
};

inline Failure failure_of(const Error& error) {
    switch (error.kind()) {
        case ErrorKind::bad_input: return {error_name::kBadInput, error.message()};
        case ErrorKind::not_found: return {error_name::kNotFound, error.message()};
        case ErrorKind::not_permitted: return {error_name::kHidden, error.message()};
        case ErrorKind::io: return {error_name::kIo, error.message()};
        case ErrorKind::unsupported: return {error_name::kUnsupported, error.message()};
        case ErrorKind::ambiguous: return {error_name::kAmbiguous, error.message()};
    }
    return {error_name::kInternal, error.message()};
}

template <class T>
using Answer = std::expected<T, Failure>;

inline std::unexpected<Failure> fail(std::string_view name, std::string text) {
    return std::unexpected(Failure{name, std::move(text)});
}

template <class T>
Answer<T> answer_of(Result<T> result) {
    if (!result) return std::unexpected(failure_of(result.error()));
    return *std::move(result);
}

}   // namespace memhot::service
