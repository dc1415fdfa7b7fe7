// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/verdict_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "output/text.hpp"

namespace memhotctl {

using memhot::Outcome;
using memhot::Verdict;

namespace {

constexpr std::size_t kScreenWidth = 80;
constexpr std::size_t kScreenLines = 23;   // the prompt needs the last one
constexpr std::size_t kLabelWidth = 10;
constexpr std::size_t kMostGroups = 8;

// How much a part of the page gives away where all of it does not fit: the one with the lowest rank is cut first, from
// its end, never below `least` lines.
struct Cut {
    int rank = 0;
    std::size_t least = 1;
};

struct Part {
    std::string label;
    Paint paint = Paint::bold;
    Cut cut;
    std::vector<std::string> lines;
};

class Page {
public:
    explicit Page(const VerdictStyle& style)
        : style_(style), width_(std::min<std::size_t>(style.terminal.width, kScreenWidth)) {}

    // texts become one labelled part; each begins on a line of its own.
    void add(std::string label, Paint paint, Cut cut, const std::vector<std::string>& texts) {
        if (texts.empty()) return;
        Part part{std::move(label), paint, cut, {}};
        for (const auto& text : texts) {
            // A kernel line may be as long as the name of a resource.
            const std::size_t room = width_ > kLabelWidth + 10 ? width_ - kLabelWidth : 10;
            for (auto& line : wrap(printable(text), room)) part.lines.push_back(std::move(line));
        }
        parts_.push_back(std::move(part));
    }

    [[nodiscard]] std::size_t width() const { return width_; }

    // In so many lines.
    [[nodiscard]] std::string text(std::size_t room) {
        if (!style_.everything) shrink(room);
        std::string out;
        for (const auto& part : parts_) {
            std::string label = fmt::format("{:<{}}", part.label, kLabelWidth);
            label =
                paint(style_.terminal, part.paint, part.label) + label.substr(std::min(part.label.size(), kLabelWidth));
            for (std::size_t i = 0; i < part.lines.size(); ++i) {
                out += (i == 0 ? label : std::string(kLabelWidth, ' ')) + part.lines[i] + "\n";
            }
        }
        return out;
    }

private:
    [[nodiscard]] std::size_t lines() const {
        std::size_t sum = 0;
        for (const auto& part : parts_) sum += part.lines.size();
        return sum;
    }

    void shrink(std::size_t room) {
        std::vector<Part*> by_rank;
        by_rank.reserve(parts_.size());
        for (auto& part : parts_) by_rank.push_back(&part);
        std::ranges::stable_sort(by_rank, {}, [](const Part* part) { return part->cut.rank; });
        for (Part* part : by_rank) {
            const std::size_t all = lines();
            if (all <= room) return;
            const std::size_t before = part->lines.size();
            const std::size_t keep = std::max(part->cut.least, before - std::min(before, all - room));
            if (keep >= before) continue;
            part->lines.resize(keep);
            part->lines.back() = fmt::format("... {} (--verbose)", counted(before - keep + 1, "more line"));
        }
    }

    VerdictStyle style_;
    std::size_t width_;
    std::vector<Part> parts_;
};

Paint paint_of(const Verdict& verdict) {
    if (verdict.dangerous()) return Paint::bad;
    switch (verdict.outcome.kind) {
        case Outcome::Kind::accepted: return Paint::good;
        case Outcome::Kind::uncertain: return Paint::doubtful;
        default: return Paint::bad;
    }
}

std::string error_text(const Outcome& outcome) {
    return fmt::format("{} ({})", memhot::errno_name(outcome.error), memhot::errno_text(outcome.error));
}

// The programs end with an errno of their own where libndctl or libdaxctl loses the kernel's, or ndctl tries a region of
// another type last.
std::string told_otherwise(const Verdict& verdict) {
    const auto colon = verdict.summary.rfind(": ");
    if (verdict.outcome.kind != Outcome::Kind::refused || colon == std::string::npos) return {};
    const std::string_view tail = std::string_view(verdict.summary).substr(colon + 2);
    if (tail == memhot::errno_text(verdict.outcome.error)) return {};
    constexpr std::array kTold{ENXIO, ENODEV, ENOSPC, EINVAL, EBUSY};
    const bool is_errno = std::ranges::any_of(kTold, [tail](int one) { return tail == memhot::errno_text(one); });
    return is_errno ? fmt::format(", told as \"{}\"", tail) : std::string();
}

// "REFUSED EINVAL (Invalid argument), stage map"
std::string outcome_text(const Verdict& verdict) {
    const Outcome& outcome = verdict.outcome;
    std::string out;
    switch (outcome.kind) {
        case Outcome::Kind::accepted: out = "ACCEPTED"; break;
        case Outcome::Kind::refused: out = outcome.error == 0 ? "REFUSED" : "REFUSED " + error_text(outcome); break;
        case Outcome::Kind::crash: return "CRASH of the kernel, DANGEROUS";
        case Outcome::Kind::uncertain:
            out = outcome.error == 0 ? "UNCERTAIN" : "UNCERTAIN, accepted or " + error_text(outcome);
            break;
    }
    if (outcome.kind == Outcome::Kind::refused && outcome.stage != memhot::Stage::none) {
        out += fmt::format(", stage {}", to_string(outcome.stage));
    }
    return out + told_otherwise(verdict) + (verdict.dangerous() ? ", DANGEROUS" : "");
}

std::string headline(const std::string& title, const Verdict& verdict, const Page& page, const VerdictStyle& style) {
    const std::string whole = title + ": " + outcome_text(verdict);
    std::string out;
    // One line wherever it fits; what is broken off is indented.
    for (const auto& line : wrap(whole, whole.size() <= page.width() ? page.width() : page.width() - 2)) {
        out += (out.empty() ? "" : "  ") + line + "\n";
    }
    // The words after the title are painted, wherever the line broke.
    const std::size_t start = std::min(title.size() + 2, out.size());
    return out.substr(0, start) + paint(style.terminal, paint_of(verdict), out.substr(start, out.size() - start - 1)) +
           "\n";
}

std::vector<std::string> hazard_texts(const Verdict& verdict) {
    std::vector<std::string> out;
    for (const auto& hazard : verdict.hazards) {
        const auto& rule = memhot::rule(hazard.rule);
        out.push_back(fmt::format("{} [{}; {}]", hazard.text, rule.id, hazard.releases));
        // A crash's own remedy is that of the verdict and stands below.
        if (!rule.remedy.empty() && hazard.rule != verdict.outcome.rule)
            out.push_back("-> " + std::string(rule.remedy));
    }
    return out;
}

// "data offset 18M, usable size 1006M"
std::string in_words(const std::vector<memhot::Value>& values) {
    std::string out;
    for (const auto& value : values) {
        std::string name = value.name;
        std::ranges::replace(name, '_', ' ');
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, brief(value));
    }
    return out;
}

std::vector<std::string> why_texts(const Verdict& verdict) {
    const auto& rule = memhot::rule(verdict.outcome.rule);
    std::vector<std::string> out{fmt::format("{}: {}", rule.id, rule.checks)};
    if (!verdict.operands.empty()) out.push_back(in_words(verdict.operands));
    return out;
}

std::vector<std::string> evidence_texts(const Verdict& verdict) {
    std::vector<std::string> out;
    out.reserve(verdict.evidence.size());
    for (const auto& item : verdict.evidence) out.push_back(item.text);
    return out;
}

// "namespace0.0: resource 0x140000000, size 1G, ..."
std::vector<std::string> change_texts(const Verdict& verdict) {
    std::vector<std::string> out;
    for (const auto& change : verdict.changes) {
        out.push_back(change.device + ": " + in_words(change.values));
    }
    return out;
}

std::vector<std::string> instead_texts(const Verdict& verdict) {
    std::vector<std::string> out;
    if (!verdict.commands.empty()) out.emplace_back("would be accepted:");
    for (const auto& command : verdict.commands) out.push_back(command);
    if (verdict.nearest) {
        out.push_back(fmt::format("{} ({}) would be accepted", to_string(*verdict.nearest),
                                  memhot::human_size(verdict.nearest->size())));
    }
    if (!verdict.remedy.empty()) out.push_back(verdict.remedy);
    return out;
}

std::vector<std::string> assumption_texts(const Verdict& verdict, bool everything) {
    if (everything || verdict.assumptions.size() < 2) return verdict.assumptions;
    return {fmt::format("{} (+{}: --verbose)", verdict.assumptions.front(), verdict.assumptions.size() - 1)};
}

std::string kernel_text(const memhot::KernelProfile& profile, const std::string& details) {
    const std::string version = to_string(profile.version);
    std::string name = profile.name;
    if (name.find(version) == std::string::npos) name += " (" + version + ")";
    std::string_view mmu;
    if (profile.arch == memhot::Arch::ppc64)
        mmu = profile.has(memhot::Feature::hash_mmu) ? ", hash MMU" : ", radix MMU";
    return fmt::format("{}, {}{}, {} pages{}{}", name, to_string(profile.arch), mmu,
                       memhot::human_size(profile.page_size), details.empty() ? "" : "; ", details);
}

std::string one_text(const Answer& answer, const memhot::KernelProfile& profile, const VerdictStyle& style,
                     std::size_t room) {
    const Verdict& verdict = answer.verdict;
    Page page(style);
    std::string out = headline(answer.title, verdict, page, style);
    page.add("Kernel", Paint::plain, {9, 1}, {kernel_text(profile, answer.details)});
    page.add("DANGEROUS", Paint::bad, {6, 6}, hazard_texts(verdict));
    page.add("Why", Paint::bold, {5, 2}, why_texts(verdict));
    page.add("Evidence", Paint::bold, {1, 2}, evidence_texts(verdict));
    const bool refused = verdict.outcome.kind == Outcome::Kind::refused;
    page.add(refused ? "Leaves" : "Result", Paint::bold, {4, 3}, change_texts(verdict));
    page.add("Prints", Paint::bold, {3, 1}, verdict.prints);
    page.add("Log", Paint::bold, {3, 1}, verdict.messages);
    page.add("Instead", Paint::bold, {4, 3}, instead_texts(verdict));
    page.add("Assumed", Paint::faint, {2, 1}, assumption_texts(verdict, style.everything));
    const auto used = static_cast<std::size_t>(std::ranges::count(out, '\n'));
    return out + page.text(room > used ? room - used : 1);
}

// Neighbouring blocks with the same answer.
struct Group {
    const Answer* first;
    const Answer* last;
};

bool same_answer(const Answer& a, const Answer& b) {
    const Outcome& x = a.verdict.outcome;
    const Outcome& y = b.verdict.outcome;
    const auto word = [](const Answer& answer) { return answer.title.substr(0, answer.title.find(' ')); };
    return a.block && b.block && *a.block + 1 == *b.block && word(a) == word(b) && x.kind == y.kind &&
           x.rule == y.rule && x.error == y.error && a.verdict.dangerous() == b.verdict.dangerous();
}

std::vector<Group> grouped(const std::vector<Answer>& answers) {
    std::vector<Group> groups;
    for (const auto& answer : answers) {
        if (!groups.empty() && same_answer(*groups.back().last, answer)) {
            groups.back().last = &answer;
        } else {
            groups.push_back({&answer, &answer});
        }
    }
    return groups;
}

std::string group_title(const Group& group) {
    if (group.first == group.last) return group.first->title;
    return fmt::format("{}-{}", group.first->title, *group.last->block);
}

// The first answer that decides the exit status; the last one where all is well.
const Answer& decisive(const std::vector<Answer>& answers) {
    const int status = combined_status(answers);
    if (status == 0) return answers.back();   // where everything lies in the end
    return *std::ranges::find_if(answers, [status](const Answer& a) { return exit_status(a.verdict) == status; });
}

}   // namespace

std::string verdict_text(const std::vector<Answer>& answers, const memhot::KernelProfile& profile,
                         const VerdictStyle& style) {
    const auto groups = grouped(answers);
    if (answers.size() == 1) return one_text(answers.front(), profile, style, kScreenLines);
    const Page page(style);
    std::string out;
    const std::size_t shown = style.everything ? groups.size() : std::min(groups.size(), kMostGroups);
    for (std::size_t i = 0; i < shown; ++i)
        out += headline(group_title(groups[i]), groups[i].first->verdict, page, style);
    if (shown < groups.size())
        out += fmt::format("... {} (--verbose)\n", counted(groups.size() - shown, "more answer"));
    out += "\n";
    // what makes a crash possible and the crash itself are two answers
    std::vector<const Answer*> told{&decisive(answers)};
    const bool crashes = answers.back().verdict.outcome.kind == Outcome::Kind::crash;
    if (crashes && told.front() != &answers.back()) told.push_back(&answers.back());
    for (std::size_t i = 0; i < told.size(); ++i) {
        const auto used = static_cast<std::size_t>(std::ranges::count(out, '\n'));
        const std::size_t left = kScreenLines > used ? (kScreenLines - used) / (told.size() - i) : 0;
        if (i != 0) out += "\n";
        out += one_text(*told[i], profile, style, std::max<std::size_t>(left, 5));
    }
    return out;
}

}   // namespace memhotctl
