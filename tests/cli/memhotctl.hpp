// SPDX-License-Identifier: GPL-2.0-or-later
//
// Runs the built memhotctl as a user's shell would, and keeps what it said.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace memhot::test {

using Words = std::vector<std::string>;

struct Said {
    int status = -1;   // exit status; 128 + signal where it was killed
    std::string out;
    std::string err;

    [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
    [[nodiscard]] bool has(const std::string& text) const { return out.find(text) != std::string::npos; }
    // The first line of the result.
    [[nodiscard]] std::string headline() const { return out.substr(0, out.find('\n')); }
};

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

inline std::string contents_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline std::string path_of_memhotctl() {
    const char* given = std::getenv("MEMHOTCTL_PATH");   // an installed one
    return given != nullptr ? given : MEMHOTCTL;
}

// environment: NAME=VALUE, besides what the test runs in without the variables that memhotctl looks at.
inline Said memhotctl(const Words& words, const Words& environment = {}) {
    std::string out = (std::filesystem::temp_directory_path() / "memhotctl-out-XXXXXX").string();
    std::string err = (std::filesystem::temp_directory_path() / "memhotctl-err-XXXXXX").string();
    const int out_fd = ::mkstemp(out.data());
    const int err_fd = ::mkstemp(err.data());
    const std::string program = path_of_memhotctl();
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(out_fd, STDOUT_FILENO);
        ::dup2(err_fd, STDERR_FILENO);
        for (const char* name : {"NO_COLOR", "COLUMNS", "LINES", "PAGER", "MEMHOT_PAGER"}) ::unsetenv(name);
        for (auto variable : environment) ::putenv(::strdup(variable.c_str()));
        std::vector<char*> argv{const_cast<char*>(program.c_str())};
        for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
        argv.push_back(nullptr);
        ::execv(program.c_str(), argv.data());
        ::_exit(126);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(out_fd);
    ::close(err_fd);
    Said said{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents_of(out), contents_of(err)};
    std::filesystem::remove(out);
    std::filesystem::remove(err);
    return said;
}

inline std::string data(const std::string& name) { return std::string(MEMHOT_TEST_DATA) + "/" + name; }

// The recorded host of ./demo.
inline Said on_demo_host(Words words, const Words& environment = {}) {
    words.insert(words.begin(), {"--snapshot", data("demo-pmem-host.json")});
    return memhotctl(words, environment);
}

inline Words split(const std::string& text) {
    Words words;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(' ', at), text.size());
        if (end > at) words.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

}   // namespace memhot::test
