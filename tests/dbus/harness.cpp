// SPDX-License-Identifier: GPL-2.0-or-later
#include "dbus/harness.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace memhot::test {

namespace {

void check(int answer, const char* doing) {
    if (answer < 0) throw std::runtime_error(std::string(doing) + ": " + std::strerror(-answer));
}

pid_t fork_with_log(const std::string& log) {
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("fork");
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    return 0;
}

// What was freed waits in the quarantine of AddressSanitizer, 256 MB by default, and looks like growth.
void keep_quarantine_small() {
    if (!kAddressSanitizer) return;
    const char* given = std::getenv("ASAN_OPTIONS");
    ::setenv("ASAN_OPTIONS",
             (std::string(given == nullptr ? "" : given) +
              ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64:malloc_context_size=4")
                 .c_str(),
             1);
}

int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}   // namespace

Process& Process::operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(status_, other.status_);
    return *this;
}
Process::~Process() {
    if (!alive()) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}
bool Process::alive() { return pid_ > 0 && wait(0) == -1; }
void Process::signal(int number) const { ::kill(pid_, number); }
int Process::wait(int milliseconds) {
    if (status_ != -1 || pid_ <= 0) return status_;
    eventually(
        [&] {
            int status = 0;
            if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
            status_ = exit_status(status);
            return true;
        },
        milliseconds);
    return status_;
}

Process start(const std::vector<std::string>& words, const std::string& log,
              const std::map<std::string, std::string>& environment) {
    const pid_t pid = fork_with_log(log);
    if (pid != 0) return Process(pid);
    keep_quarantine_small();
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
}

Process start(const std::function<int()>& run, const std::string& log) {
    const pid_t pid = fork_with_log(log);
    if (pid != 0) return Process(pid);
    ::_exit(run());
}

std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
}

bool eventually(const std::function<bool()>& holds, int milliseconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    for (int tries = 0; !holds(); ++tries) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(tries < 20 ? 200 : 5'000));
    }
    return true;
}

// --- the bus -------------------------------------------------------------------------------------------------------

PrivateBus::PrivateBus() {
    if (::geteuid() != 0)
        throw std::runtime_error("tests/dbus must run as root: a bus of type system has several users");
    std::string conf = read_text(MEMHOT_SOURCE_DIR "/tests/dbus/system-like.conf");
    const auto fill = [&](const std::string& what, const std::string& with) {
        for (auto at = conf.find(what); at != std::string::npos; at = conf.find(what))
            conf.replace(at, what.size(), with);
    };
    fill("@DIR@", dir_.root());
    fill("@POLICY@", MEMHOT_SOURCE_DIR "/systemd/org.memhot1.conf");
    dir_.file("bus.conf", conf);
    start_daemon();
}

void PrivateBus::start_daemon() {
    daemon_ = start({"dbus-daemon", "--config-file=" + dir_.path("bus.conf"), "--nofork", "--nopidfile"},
                    dir_.path("bus.log"));
    const auto listens = [&] {   // the file is there before anybody listens
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = dir_.path("bus");
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool answers = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::close(fd);
        return answers;
    };
    if (!eventually(listens))
        throw std::runtime_error("dbus-daemon does not start: " + read_text(dir_.path("bus.log")));
}

void PrivateBus::kill_daemon() {
    daemon_.signal(SIGKILL);
    daemon_.wait(10'000);
    dir_.remove("bus");
}

std::string Answer::memhot_error() const {
    constexpr std::string_view kPrefix = "org.memhot1.Error.";
    return error.starts_with(kPrefix) ? error.substr(kPrefix.size()) : error;
}

Client::Client(const PrivateBus& bus, As as) {
    std::unique_ptr<Unprivileged> lower;
    // the bus looks at who connects
    if (as != As::root) lower = std::make_unique<Unprivileged>(as == As::nobody ? 65534U : 1U);
    check(::sd_bus_new(&bus_), "sd_bus_new");
    check(::sd_bus_set_address(bus_, bus.address().c_str()), "sd_bus_set_address");
    check(::sd_bus_set_bus_client(bus_, 1), "sd_bus_set_bus_client");
    check(::sd_bus_start(bus_), "sd_bus_start");
    const char* name = nullptr;
    check(::sd_bus_get_unique_name(bus_, &name), "sd_bus_get_unique_name");
}
Client::~Client() { ::sd_bus_flush_close_unref(bus_); }

std::string Client::name() const {
    const char* name = nullptr;
    check(::sd_bus_get_unique_name(bus_, &name), "sd_bus_get_unique_name");
    return name;
}

Answer Client::call(const std::string& path, const std::string& interface, const std::string& member, const Fill& fill,
                    const std::string& service) {
    // sd_bus_call() answers no ping that comes meanwhile
    while (::sd_bus_process(bus_, nullptr) > 0) continue;
    sd_bus_message* message = nullptr;
    check(::sd_bus_message_new_method_call(bus_, &message, service.c_str(), path.c_str(), interface.c_str(),
                                           member.c_str()),
          "sd_bus_message_new_method_call");
    const std::shared_ptr<sd_bus_message> call(message, ::sd_bus_message_unref);
    if (fill) fill(message);
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* reply = nullptr;
    const int answer = ::sd_bus_call(bus_, message, 60'000'000, &error, &reply);
    Answer out;
    if (answer < 0) {
        out.error = error.name != nullptr ? error.name : std::strerror(-answer);
        out.text = error.message != nullptr ? error.message : "";
    } else {
        out.reply = std::shared_ptr<sd_bus_message>(reply, ::sd_bus_message_unref);
    }
    ::sd_bus_error_free(&error);
    return out;
}

Answer Client::manager(const std::string& member, const Fill& fill) {
    return call("/org/memhot1", "org.memhot1.Manager", member, fill);
}

Answer Client::property(const std::string& path, const std::string& interface, const std::string& name) {
    return call(path, "org.freedesktop.DBus.Properties", "Get", [&](sd_bus_message* message) {
        check(::sd_bus_message_append(message, "ss", interface.c_str(), name.c_str()), "append");
    });
}

std::uint64_t Client::number(const std::string& name) {
    const auto answer = property("/org/memhot1", "org.memhot1.Manager", name);
    std::uint64_t out = 0;
    if (!answer.ok() || ::sd_bus_message_read(answer.reply.get(), "v", "t", &out) < 0)
        throw std::runtime_error("property " + name + ": " + answer.error);
    return out;
}

void append_words(sd_bus_message* message, const std::vector<std::string>& words) {
    check(::sd_bus_message_open_container(message, 'a', "s"), "open");
    for (const auto& word : words) check(::sd_bus_message_append(message, "s", word.c_str()), "append");
    check(::sd_bus_message_close_container(message), "close");
}

void append_no_options(sd_bus_message* message) { append_options(message, {}); }

void append_options(sd_bus_message* message, const std::map<std::string, std::string>& texts,
                    const std::vector<std::string>& flags, const std::vector<std::string>& accept) {
    check(::sd_bus_message_open_container(message, 'a', "{sv}"), "open");
    for (const auto& [name, value] : texts)
        check(::sd_bus_message_append(message, "{sv}", name.c_str(), "s", value.c_str()), "append");
    for (const auto& name : flags) check(::sd_bus_message_append(message, "{sv}", name.c_str(), "b", 1), "append");
    if (!accept.empty()) {
        check(::sd_bus_message_open_container(message, 'e', "sv"), "open");
        check(::sd_bus_message_append(message, "s", "accept"), "append");
        check(::sd_bus_message_open_container(message, 'v', "as"), "open");
        append_words(message, accept);
        check(::sd_bus_message_close_container(message), "close");
        check(::sd_bus_message_close_container(message), "close");
    }
    check(::sd_bus_message_close_container(message), "close");
}

std::string text_of(const Answer& answer) {
    const char* text = nullptr;
    if (!answer.ok()) return "error " + answer.error + ": " + answer.text;
    check(::sd_bus_message_read(answer.reply.get(), ::sd_bus_message_has_signature(answer.reply.get(), "o") ? "o" : "s",
                                &text),
          "read");
    return text;
}

std::string plan(Client& client, const std::vector<std::string>& words) {
    return text_of(client.manager("Plan", [&](sd_bus_message* message) {
        append_words(message, words);
        append_no_options(message);
    }));
}

std::string with_program(const HostTree& dir, const std::string& name, const std::string& script) {
    dir.file(name, "#!/bin/sh\n" + script);
    std::filesystem::permissions(dir.path(name), std::filesystem::perms(0755));
    return "PATH=" + dir.root() + ":$PATH ";
}

// --- polkit --------------------------------------------------------------------------------------------------------

FakePolkit::FakePolkit(const PrivateBus& bus) {
    check(::sd_bus_new(&bus_), "sd_bus_new");
    check(::sd_bus_set_address(bus_, bus.address().c_str()), "sd_bus_set_address");
    check(::sd_bus_set_bus_client(bus_, 1), "sd_bus_set_bus_client");
    check(::sd_bus_start(bus_), "sd_bus_start");
    static const sd_bus_vtable table[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", asked, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END};
    check(::sd_bus_add_object_vtable(bus_, nullptr, "/org/freedesktop/PolicyKit1/Authority",
                                     "org.freedesktop.PolicyKit1.Authority", table, this),
          "sd_bus_add_object_vtable");
    check(::sd_bus_request_name(bus_, "org.freedesktop.PolicyKit1", 0), "sd_bus_request_name");
    thread_ = std::thread([this] { run(); });
}
FakePolkit::~FakePolkit() {
    stop_ = true;
    thread_.join();
    ::sd_bus_flush_close_unref(bus_);
}

void FakePolkit::run() {
    while (!stop_) {
        int more = 1;
        while (more > 0) more = ::sd_bus_process(bus_, nullptr);
        if (more < 0) return;   // the bus is gone
        ::sd_bus_wait(bus_, 20'000);
    }
}

int FakePolkit::asked(sd_bus_message* message, void* data, sd_bus_error*) {
    auto& self = *static_cast<FakePolkit*>(data);
    Question question;
    const char* text = nullptr;
    const char* key = nullptr;
    ::sd_bus_message_enter_container(message, 'r', "sa{sv}");
    ::sd_bus_message_read(message, "s", &text);
    question.subject_kind = text;
    ::sd_bus_message_enter_container(message, 'a', "{sv}");
    while (::sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        ::sd_bus_message_read(message, "s", &key);
        ::sd_bus_message_read(message, "v", "s", &text);
        if (std::strcmp(key, "name") == 0) question.subject = text;
        ::sd_bus_message_exit_container(message);
    }
    ::sd_bus_message_exit_container(message);
    ::sd_bus_message_exit_container(message);
    ::sd_bus_message_read(message, "s", &text);
    question.action = text;
    ::sd_bus_message_enter_container(message, 'a', "{ss}");
    while (::sd_bus_message_read(message, "{ss}", &key, &text) > 0) question.details[key] = text;
    ::sd_bus_message_exit_container(message);
    ::sd_bus_message_read(message, "u", &question.flags);
    {
        const std::lock_guard lock(self.mutex_);
        self.questions_.push_back(question);
    }
    if (self.say_ == Say::nothing) return 1;
    return ::sd_bus_reply_method_return(message, "(bba{ss})", self.say_ == Say::yes ? 1 : 0, 0, 0);
}

std::vector<FakePolkit::Question> FakePolkit::take_questions() {
    const std::lock_guard lock(mutex_);
    return std::exchange(questions_, {});
}

// --- memhotd -------------------------------------------------------------------------------------------------------

Daemon::Daemon(const PrivateBus& bus, const Options& options) : log_(dir_.path("memhotd.log")) {
    const std::string socket_path = dir_.path("notify");
    notify_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
    if (::bind(notify_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("bind " + socket_path);
    dir_.directory("config/etc");
    std::vector<std::string> words{MEMHOTD, "--bus=" + bus.address(), "--config-root=" + dir_.path("config")};
    if (!options.snapshot.empty()) words.push_back("--simulate=" MEMHOT_TEST_DATA "/" + options.snapshot);
    words.insert(words.end(), options.more.begin(), options.more.end());
    auto environment = options.environment;
    environment["NOTIFY_SOCKET"] = socket_path;
    process_ = start(words, log_, environment);
    if (!told("READY=1", 60'000)) throw std::runtime_error("memhotd does not start: " + log());
}
Daemon::~Daemon() { ::close(notify_); }

std::vector<std::string> Daemon::notifications() {
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(notify_, buffer, sizeof buffer, 0)) > 0;)
        told_.emplace_back(buffer, static_cast<std::size_t>(got));
    return told_;
}

bool Daemon::told(std::string_view words, int milliseconds) {
    return eventually(
        [&] {
            const auto all = notifications();
            if (process_.pid() > 0 && !process_.alive() && milliseconds > 20'000) return true;   // it will say no more
            return std::ranges::any_of(all, [&](const auto& one) { return one.find(words) != std::string::npos; });
        },
        milliseconds);
}

std::uint64_t Daemon::status(std::string_view name) const {
    std::istringstream in(read_text("/proc/" + std::to_string(process_.pid()) + "/status"));
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(std::string(name) + ":")) return std::stoull(line.substr(name.size() + 1));
    }
    return 0;
}

std::size_t Daemon::descriptors() const {
    const auto path = "/proc/" + std::to_string(process_.pid()) + "/fd";
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
}

// --- interfaces ----------------------------------------------------------------------------------------------------

namespace {

std::string attribute(const std::string& tag, const std::string& name) {
    std::smatch match;
    return std::regex_search(tag, match, std::regex(" " + name + "=\"([^\"]*)\"")) ? match[1].str() : "";
}

}   // namespace

Interfaces parse_interfaces(const std::string& xml) {
    Interfaces out;
    std::vector<Member>* members = nullptr;
    Member* member = nullptr;
    bool in_argument = false;
    static const std::regex kTag("<(/?)(interface|method|signal|property|arg|annotation)([^>]*?)(/?)>");
    for (std::sregex_iterator it(xml.begin(), xml.end(), kTag), end; it != end; ++it) {
        const bool closing = (*it)[1].length() != 0;
        const bool empty = (*it)[4].length() != 0;
        const std::string kind = (*it)[2];
        const std::string rest = (*it)[3];
        if (kind == "arg") in_argument = !closing && !empty;
        if (closing) {
            if (kind == "method" || kind == "signal" || kind == "property") member = nullptr;
            continue;
        }
        if (kind == "interface") {
            members = &out[attribute(rest, "name")];
        } else if (kind == "arg" && member != nullptr) {
            const bool to_caller = attribute(rest, "direction") == "out";
            (to_caller ? member->out : member->in) += attribute(rest, "type");
            member->arguments.push_back(attribute(rest, "name"));
        } else if (kind == "annotation" && member != nullptr && !in_argument) {
            if (attribute(rest, "name") == "org.gtk.GDBus.DocString") member->doc = attribute(rest, "value");
        } else if (kind != "annotation" && members != nullptr) {
            members->push_back({});
            member = &members->back();
            member->kind = kind == "method"   ? Member::Kind::method
                           : kind == "signal" ? Member::Kind::signal
                                              : Member::Kind::property;
            member->name = attribute(rest, "name");
            if (kind == "property") member->in = attribute(rest, "type");
            if (empty) member = nullptr;
        }
    }
    for (auto& [name, list] : out) std::ranges::sort(list, {}, &Member::name);
    return out;
}

Interfaces contract() {
    Interfaces out;
    for (const auto& file : std::filesystem::directory_iterator(MEMHOT_SOURCE_DIR "/daemon/dbus/interfaces"))
        out.merge(parse_interfaces(read_text(file.path())));
    return out;
}

std::vector<std::pair<std::string, std::string>> sample_objects(Client& client) {
    std::vector<std::pair<std::string, std::string>> out{{"/org/memhot1", "org.memhot1.Manager"}};
    const auto answer = client.call("/org/memhot1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
    if (!answer.ok()) throw std::runtime_error("GetManagedObjects: " + answer.error);
    auto* reply = answer.reply.get();
    check(::sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}"), "enter");
    while (::sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
        const char* path = nullptr;
        const char* interface = nullptr;
        check(::sd_bus_message_read(reply, "o", &path), "read");
        check(::sd_bus_message_enter_container(reply, 'a', "{sa{sv}}"), "enter");
        while (::sd_bus_message_enter_container(reply, 'e', "sa{sv}") > 0) {
            check(::sd_bus_message_read(reply, "s", &interface), "read");
            check(::sd_bus_message_skip(reply, "a{sv}"), "skip");
            const std::string name = interface;
            const auto known = [&](const auto& pair) { return pair.second == name; };
            if (name.starts_with("org.memhot1.") && std::ranges::none_of(out, known)) out.emplace_back(path, name);
            check(::sd_bus_message_exit_container(reply), "exit");
        }
        check(::sd_bus_message_exit_container(reply), "exit");
        check(::sd_bus_message_exit_container(reply), "exit");
    }
    return out;
}

namespace {

std::string random_text(const std::function<std::uint64_t()>& random) {
    static const std::vector<std::string> kWords{"",
                                                 "map",
                                                 "online",
                                                 "offline",
                                                 "memory84",
                                                 "block84-87",
                                                 "240000000-24fffffff",
                                                 "node0",
                                                 "\x7f",
                                                 "region0",
                                                 "1",
                                                 "0",
                                                 "--zone=movable",
                                                 "ffffffffffffffff-0",
                                                 "then",
                                                 "create-namespace",
                                                 "type",
                                                 "fsdax",
                                                 "kernel",
                                                 "6.12",
                                                 "shift",
                                                 "+64M",
                                                 "\xc3\xa9",
                                                 "accept",
                                                 "interactive",
                                                 "0x1+999999999999T",
                                                 "namespace0.0",
                                                 "destroy",
                                                 "all",
                                                 "-f",
                                                 "reconfigure",
                                                 "dax0.0",
                                                 "write",
                                                 "/sys/x",
                                                 "remove"};
    const std::uint64_t pick = random() % (kWords.size() + 1);
    if (pick < kWords.size()) return kWords[pick];
    std::string out(random() % 300, 'x');
    for (auto& c : out) c = static_cast<char>(' ' + random() % 95);
    return out;
}

// The end of the first complete type of a signature.
std::size_t type_end(const std::string& signature, std::size_t at) {
    if (signature[at] == 'a') return type_end(signature, at + 1);
    if (signature[at] != '(' && signature[at] != '{') return at + 1;
    int depth = 0;
    for (;; ++at) {
        if (signature[at] == '(' || signature[at] == '{') ++depth;
        if ((signature[at] == ')' || signature[at] == '}') && --depth == 0) return at + 1;
    }
}

void append_basic(sd_bus_message* message, char type, const std::function<std::uint64_t()>& random) {
    if (type == 's' || type == 'o') {
        std::string text = random && type == 's' ? random_text(random) : type == 'o' ? "/" : "";
        check(::sd_bus_message_append_basic(message, type, text.c_str()), "append");
        return;
    }
    std::uint64_t value = random ? random() : 0;
    if (type == 'b') {
        const int flag = static_cast<int>(value & 1U);
        check(::sd_bus_message_append_basic(message, type, &flag), "append");
    } else {
        check(::sd_bus_message_append_basic(message, type, &value), "append");   // little endian: the low bytes
    }
}

}   // namespace

void append_signature(sd_bus_message* message, const std::string& signature,
                      const std::function<std::uint64_t()>& random) {
    for (std::size_t at = 0; at < signature.size();) {
        const std::size_t end = type_end(signature, at);
        const std::string type = signature.substr(at, end - at);
        if (type[0] == 'a') {
            const std::string inside = type.substr(1);
            check(::sd_bus_message_open_container(message, 'a', inside.c_str()), "open");
            const std::uint64_t count = random ? random() % 5 : 0;
            for (std::uint64_t i = 0; i < count; ++i) append_signature(message, inside, random);
            check(::sd_bus_message_close_container(message), "close");
        } else if (type[0] == '(' || type[0] == '{') {
            const std::string inside = type.substr(1, type.size() - 2);
            check(::sd_bus_message_open_container(message, type[0] == '(' ? 'r' : 'e', inside.c_str()), "open");
            append_signature(message, inside, random);
            check(::sd_bus_message_close_container(message), "close");
        } else if (type == "v") {
            static const std::vector<std::string> kTypes{"s", "b", "t", "as", "a{sv}", "d"};
            const std::string inside = kTypes[random ? random() % kTypes.size() : 0];
            check(::sd_bus_message_open_container(message, 'v', inside.c_str()), "open");
            append_signature(message, inside, random);
            check(::sd_bus_message_close_container(message), "close");
        } else {
            append_basic(message, type[0], random);
        }
        at = end;
    }
}

}   // namespace memhot::test
