// SPDX-License-Identifier: GPL-2.0-or-later
//
// What `check` is asked: words of the command line to operations of the library, one after the other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/things.hpp"
#include "memhot/verdict.hpp"

namespace memhotctl {

// How maps and adds of one command line are meant.
struct OperationOptions {
    memhot::MapType type = memhot::MapType::generic;
    std::optional<memhot::Altmap> altmap;
    bool claim = true;
    int node = 0;
    bool driver_managed = false;
    bool memmap_on_memory = false;
    bool offline = false;   // remove: offline_and_remove_memory()
};

enum class Word { map, unmap, add, probe, online, online_kernel, online_movable, offline, remove, claim };

// One word with one thing: "offline block4-7".
struct Step {
    Word word;
    Thing thing;
};

struct Answer {
    std::string title;     // "offline memory4"
    std::string details;   // "generic, claimed first"
    std::optional<std::uint64_t> block;   // of an online or offline
    memhot::Verdict verdict;
};

// "2M+32M": sizes, in whole pages.
memhot::Result<memhot::Altmap> parse_altmap(std::string_view text, std::uint64_t page_size);
memhot::Result<memhot::MapType> parse_map_type(std::string_view text);

// WORD THING... [WORD THING...]...
memhot::Result<std::vector<Step>> parse_steps(const Host& host, const std::vector<std::string>& given);

// Each answer sees what the ones before it left; what may be accepted is taken as accepted. Ends with a crash.
memhot::Result<std::vector<Answer>> answer_steps(memhot::Model model, const std::vector<Step>& steps,
                                                 const OperationOptions& options);

// For several operations: the first of 9, 1, 8, 0 that occurs.
int combined_status(const std::vector<Answer>& answers);

}   // namespace memhotctl
