// SPDX-License-Identifier: GPL-2.0-or-later
//
// The journal as it is told over the bus: entries as they are written, a message full at a time. What they mean, the reader's
// own code says (cli/client/journal.hpp), which is that of `memhotctl` in process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "service/failure.hpp"
#include "service/job_work.hpp"

namespace memhot::service {

struct JournalPage {
    std::vector<std::string> entries;   // documents, in their order
    std::uint64_t next = 0;   // where the rest begins; 0: that was all
    std::string running;   // the job that somebody carries out now; empty: nobody does
    std::vector<std::string> notes;   // what is wrong with the journal, one line each
};

// from: the first sequence number; job: only entries of that one, empty: of all; most: bytes of an entry, and
// of a page that has several.
Answer<JournalPage> journal_page(const JobPlace& place, std::uint64_t from, const std::string& job, std::size_t most);

// All of it, and the job that is carried out now.
Result<journal::Reading> read_running(const JobPlace& place, std::string& running);

}   // namespace memhot::service
