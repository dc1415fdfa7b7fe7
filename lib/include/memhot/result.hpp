// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Result<T>: a value, or an Error that carries the chain of what was being done when it happened.
// The library throws nothing across its interface; every function that can fail returns one of these.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace memhot {

// What kind of failure it is decides the exit status of the command line and the error name on the bus.
enum class ErrorKind {
    bad_input,       // text, file or argument that is not what was expected
    not_found,       // a file, device or block that is not there
    not_permitted,   // the kernel hides it or refuses to give it
    io,              // reading or writing failed
    unsupported,     // well formed, but not for this kernel, architecture or build
    ambiguous,       // several things are meant; the text names the candidates
};

class Error {
public:
    Error(ErrorKind kind, std::string text) : kind_(kind), text_(std::move(text)) {}

    [[nodiscard]] ErrorKind kind() const { return kind_; }
    // The innermost text: what is wrong, without the context.
    [[nodiscard]] const std::string& text() const { return text_; }
    // What was being done, outermost first.
    [[nodiscard]] const std::vector<std::string>& context() const { return context_; }

    // Says what was being done; called on the way up, so the latest call is the outermost.
    Error& add_context(std::string doing) {
        context_.insert(context_.begin(), std::move(doing));
        return *this;
    }

    // One line: "outer: inner: text".
    [[nodiscard]] std::string message() const {
        std::string line;
        for (const auto& part : context_) {
            line += part;
            line += ": ";
        }
        return line + text_;
    }

private:
    ErrorKind kind_;
    std::string text_;
    std::vector<std::string> context_;
};

template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    // NOLINTBEGIN(google-explicit-constructor): `return value;` and `return error;` are the point.
    Result(T value) : state_(std::move(value)) {}
    Result(Error error) : state_(std::unexpected(std::move(error))) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] bool ok() const { return state_.has_value(); }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] const T& value() const& { return *state_; }
    [[nodiscard]] T& value() & { return *state_; }
    [[nodiscard]] T&& value() && { return *std::move(state_); }
    const T& operator*() const& { return *state_; }
    T& operator*() & { return *state_; }
    T&& operator*() && { return *std::move(state_); }
    const T* operator->() const { return &*state_; }
    T* operator->() { return &*state_; }

    [[nodiscard]] const Error& error() const& { return state_.error(); }
    [[nodiscard]] Error&& error() && { return std::move(state_).error(); }

    [[nodiscard]] T value_or(T fallback) && { return ok() ? *std::move(state_) : std::move(fallback); }

    // f(T) -> U. Result<U>.
    template <class F>
    auto map(F&& f) && -> Result<std::invoke_result_t<F, T&&>> {
        if (!ok()) return std::move(*this).error();
        return std::forward<F>(f)(*std::move(state_));
    }

    // f(T) -> Result<U>.
    template <class F>
    auto and_then(F&& f) && -> std::invoke_result_t<F, T&&> {
        if (!ok()) return std::move(*this).error();
        return std::forward<F>(f)(*std::move(state_));
    }

    // f(Error) -> Result<T>: a second way where the first failed.
    template <class F>
    Result or_else(F&& f) && {
        if (ok()) return std::move(*this);
        return std::forward<F>(f)(std::move(*this).error());
    }

    Result with_context(std::string doing) && {
        if (!ok()) state_.error().add_context(std::move(doing));
        return std::move(*this);
    }

private:
    std::expected<T, Error> state_;
};

struct Done {};
using Status = Result<Done>;   // success without a value

inline Error bad_input(std::string text) { return {ErrorKind::bad_input, std::move(text)}; }

}   // namespace memhot
