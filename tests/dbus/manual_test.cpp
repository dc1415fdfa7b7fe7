// SPDX-License-Identifier: GPL-2.0-or-later
//
// The manual pages against what they describe: org.memhot1(5) against the XML, the table of permissions and the errors;
// memhotd(8) against the options.
#include <gtest/gtest.h>

#include <regex>

#include "app/options.hpp"
#include "dbus/access.hpp"
#include "dbus/harness.hpp"
#include "service/failure.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary
using memhot::bus::Need;

// Without what roff wants of a text.
std::string plain(std::string text) {
    text = std::regex_replace(text, std::regex(R"(\\f.)"), "");
    return std::regex_replace(text, std::regex(R"(\\-)"), "-");
}

std::string unescaped(std::string text) {
    text = std::regex_replace(text, std::regex("&quot;"), "\"");
    text = std::regex_replace(text, std::regex("&#x27;"), "'");
    text = std::regex_replace(text, std::regex("&lt;"), "<");
    text = std::regex_replace(text, std::regex("&gt;"), ">");
    return std::regex_replace(text, std::regex("&amp;"), "&");
}

std::string upper(std::string text) {
    for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

// The part of a page under a heading.
std::string part(const std::string& page, const std::string& heading) {
    const auto begin = page.find(".SH " + heading + "\n");
    if (begin == std::string::npos) return "";
    const auto end = page.find("\n.SH ", begin + 1);
    return page.substr(begin, end == std::string::npos ? end : end - begin);
}

std::string needs(const memhot::bus::Access& access) {
    std::string text = "For everybody.";
    if (access.need == Need::by_plan) {
        text = "Needs org.memhot1.online, offline or reconfigure, as the plan does.";
    } else if (access.need != Need::open) {
        text = "Needs " + std::string(memhot::bus::action_of(access.need)) + ".";
    }
    return text + (access.owner_may ? " Whoever began the job needs nothing." : "");
}

TEST(Manual, OrgMemhot1IsTheXml) {
    const std::string page = plain(read_text(MEMHOT_SOURCE_DIR "/man/org.memhot1.5"));
    for (const auto& [interface, members] : contract()) {
        const std::string text = part(page, "INTERFACE " + upper(interface));
        ASSERT_FALSE(text.empty()) << interface;
        std::size_t entries = 0;
        for (auto at = text.find("\n.TP\n"); at != std::string::npos; at = text.find("\n.TP\n", at + 1)) ++entries;
        EXPECT_EQ(entries, members.size()) << interface << ": the page has a member more or less";
        for (const auto& member : members) {
            const std::string name = member.kind == Member::Kind::method ? ".B " + member.name + "("
                                     : member.kind == Member::Kind::signal
                                         ? ".B signal " + member.name + "("
                                         : ".B property " + member.name + " (" + member.in + ")";
            const auto at = text.find("\n.TP\n" + name);
            ASSERT_NE(at, std::string::npos) << interface << "." << member.name;
            const std::string entry = text.substr(at, text.find("\n.TP\n", at + 1) - at) + "\n";
            EXPECT_NE(entry.find("\n" + unescaped(member.doc) + "\n"), std::string::npos)
                << interface << "." << member.name << " says not: " << member.doc << "\n"
                << entry;
            for (const auto& argument : member.arguments)
                EXPECT_NE(entry.find(".IR " + argument + " :"), std::string::npos) << member.name << " " << argument;
            if (member.kind != Member::Kind::method) continue;
            const auto access = memhot::bus::access_of(interface.substr(12), member.name);
            EXPECT_NE(entry.find("\n" + needs(access) + "\n"), std::string::npos)
                << interface << "." << member.name << " says not: " << needs(access) << "\n"
                << entry;
        }
    }
}

TEST(Manual, OrgMemhot1NamesEveryErrorAndNoOther) {
    const std::string text = part(read_text(MEMHOT_SOURCE_DIR "/man/org.memhot1.5"), "ERRORS");
    for (const auto name : memhot::service::error_name::kAll)
        EXPECT_NE(text.find(".TP\n.B " + std::string(name) + "\n"), std::string::npos) << name;
    std::size_t entries = 0;
    for (auto at = text.find("\n.TP\n"); at != std::string::npos; at = text.find("\n.TP\n", at + 1)) ++entries;
    EXPECT_EQ(entries, memhot::service::error_name::kAll.size());
}

TEST(Manual, MemhotdHasTheOptionsOfItsHelp) {
    const std::string text = part(plain(read_text(MEMHOT_SOURCE_DIR "/man/memhotd.8")), "OPTIONS");
    const std::string help = memhot::app::help_text();
    static const std::regex kLine("\n  --([a-z-]+)(=[A-Z]+)? +([^\n]*)");
    std::size_t options = 0;
    for (std::sregex_iterator it(help.begin(), help.end(), kLine), end; it != end; ++it, ++options) {
        const std::string entry = "\n.TP\n--" + (*it)[1].str() + (*it)[2].str() + "\n" + (*it)[3].str() + "\n";
        EXPECT_NE((text + "\n").find(entry), std::string::npos) << entry;
    }
    EXPECT_GT(options, 8U);
    std::size_t entries = 0;
    for (auto at = text.find("\n.TP\n"); at != std::string::npos; at = text.find("\n.TP\n", at + 1)) ++entries;
    EXPECT_EQ(entries, options);
}

TEST(Options, WrongOnesAreRefusedWithWhatIsExpected) {
    const auto parse = [](std::vector<std::string> words) {
        words.insert(words.begin(), "memhotd");
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        return memhot::app::parse_options(static_cast<int>(argv.size()), argv.data());
    };
    EXPECT_FALSE(parse({"--nosuch"}).ok());
    EXPECT_FALSE(parse({"file"}).ok());
    EXPECT_FALSE(parse({"--bus"}).ok());
    EXPECT_FALSE(parse({"--debug=yes"}).ok());
    EXPECT_FALSE(parse({"--simulate=x", "--root=/y"}).ok());
    EXPECT_FALSE(parse({"--fault=EIO:memory1"}).ok());
    EXPECT_FALSE(parse({"--simulate=x", "--fault=a"}).ok());
    EXPECT_FALSE(parse({"--bus", ""}).ok());
    const auto good = parse({"--bus", "session", "--simulate=x", "--fault=EIO:a", "--fault=vanish:b"});
    ASSERT_TRUE(good.ok()) << good.error().message();
    EXPECT_EQ(good->bus, "session");
    EXPECT_EQ(good->faults.size(), 2U);
}

}   // namespace
