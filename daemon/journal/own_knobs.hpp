// SPDX-License-Identifier: GPL-2.0-or-later
//
// What memhotd set of the kernel's own knobs, and what was there before: so that its own value is taken for nobody else's,
// and is put back once no policy wants it any more. A small file in the state directory, written before the knob is.
//
//     memhot-knobs/1
//     boot 4f9ce3c1-...            of the boot in which they were set; those of another boot are gone with it
//     knob PATH WAS SET [SET]      two words behind WAS: one was being set when it was written, the other is older
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "journal/lock.hpp"
#include "memhot/result.hpp"

namespace memhot::journal {

inline constexpr std::string_view kKnobsName = "knobs";

struct OwnKnob {
    std::string path;
    std::string was;   // before memhotd first set it
    std::vector<std::string> set;   // what memhotd set
    friend bool operator==(const OwnKnob&, const OwnKnob&) = default;
    // Whether the knob still has what memhotd set.
    [[nodiscard]] bool is_ours(std::string_view now) const;
};
using OwnKnobs = std::vector<OwnKnob>;

// memhotd is about to write text where `now` stands; and has written it. What was there before is nobody's any more.
void claim(OwnKnobs& knobs, const std::string& path, const std::string& now, const std::string& text);
void settle(OwnKnobs& knobs, const std::string& path, const std::string& text);

// /proc/sys/kernel/random/boot_id below root.
std::string boot_id(const std::string& root);
// None where there is no file yet, or one of another boot. bad_input: the file says what it cannot.
Result<OwnKnobs> read_own_knobs(const std::string& state_directory, const std::string& boot);
// On the disk when it returns.
Status write_own_knobs(const std::string& state_directory, const std::string& boot, const OwnKnobs& knobs,
                       const HostLock& lock);

}   // namespace memhot::journal
