// SPDX-License-Identifier: GPL-2.0-or-later
//
// A private bus of type system with the policy file that is installed, a polkit that answers as the test wants, memhotd
// as a process of its own, and clients in plain sd-bus, privileged or not. The tests have to run as root for that.
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/host_tree.hpp"

namespace memhot::test {

// In whose builds memory is not what the program itself takes.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif
// ThreadSanitizer has a thread of its own in each process, and memory for what it watches.
#if defined(__SANITIZE_THREAD__)
inline constexpr unsigned kSanitizerThreads = 1;
inline constexpr unsigned kSanitizerMemory = 16 * 1024;   // kB that come and go
#else
inline constexpr unsigned kSanitizerThreads = 0;
inline constexpr unsigned kSanitizerMemory = kAddressSanitizer ? 8 * 1024 : 0;
#endif

// A process that is killed when it goes.
class Process {
public:
    Process() = default;
    explicit Process(pid_t pid) : pid_(pid) {}
    Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}
    Process& operator=(Process&& other) noexcept;
    ~Process();
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool alive();
    void signal(int number) const;
    // Its exit status, 128 + N of a signal; -1 where it still runs after so many milliseconds.
    int wait(int milliseconds);

private:
    pid_t pid_ = -1;
    int status_ = -1;
};
// Runs the program with stderr (and stdout) in the file.
Process start(const std::vector<std::string>& words, const std::string& log,
              const std::map<std::string, std::string>& environment = {});
// Runs a function in a child, whose status it gives.
Process start(const std::function<int()>& run, const std::string& log);

std::string read_text(const std::string& path);
// Asks every few milliseconds until it holds; false: it did not in that time.
bool eventually(const std::function<bool()>& holds, int milliseconds = 10'000);

// Puts a shell script into the directory, in front of all programs of its name; words for a command line to begin with.
std::string with_program(const HostTree& dir, const std::string& name, const std::string& script);

class PrivateBus {
public:
    PrivateBus();
    [[nodiscard]] std::string address() const { return "unix:path=" + dir_.path("bus"); }
    [[nodiscard]] const HostTree& dir() const { return dir_; }
    void start_daemon();
    void kill_daemon();
    void signal_daemon(int number) const { daemon_.signal(number); }

private:
    HostTree dir_;
    Process daemon_;
};

// Who is on the other side of a call.
enum class As { root, nobody, another };   // the last two are different users without privileges

struct Answer {
    std::string error;   // its name; empty: none
    std::string text;   // the error's
    std::shared_ptr<sd_bus_message> reply;
    [[nodiscard]] bool ok() const { return error.empty(); }
    // Behind "org.memhot1.Error.".
    [[nodiscard]] std::string memhot_error() const;
};

class Client {
public:
    Client(const PrivateBus& bus, As as);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    using Fill = std::function<void(sd_bus_message*)>;
    Answer call(const std::string& path, const std::string& interface, const std::string& member, const Fill& fill = {},
                const std::string& service = "org.memhot1");
    // Of org.memhot1.Manager; words and options as most methods have them.
    Answer manager(const std::string& member, const Fill& fill);
    Answer property(const std::string& path, const std::string& interface, const std::string& name);
    std::uint64_t number(const std::string& name);   // a property of the manager, of type t
    [[nodiscard]] sd_bus* bus() const { return bus_; }
    [[nodiscard]] std::string name() const;

private:
    sd_bus* bus_ = nullptr;
};

void append_words(sd_bus_message* message, const std::vector<std::string>& words);
void append_no_options(sd_bus_message* message);
// true, text or list of each.
void append_options(sd_bus_message* message, const std::map<std::string, std::string>& texts,
                    const std::vector<std::string>& flags = {}, const std::vector<std::string>& accept = {});
std::string text_of(const Answer& answer);   // its first argument
// The plan's name.
std::string plan(Client& client, const std::vector<std::string>& words);

// org.freedesktop.PolicyKit1, as far as memhotd asks it.
class FakePolkit {
public:
    struct Question {
        std::string subject_kind;
        std::string subject;   // its name
        std::string action;
        std::map<std::string, std::string> details;
        std::uint32_t flags = 0;
    };
    enum class Say { yes, no, nothing };
    explicit FakePolkit(const PrivateBus& bus);
    FakePolkit(const FakePolkit&) = delete;
    FakePolkit& operator=(const FakePolkit&) = delete;
    ~FakePolkit();

    void say(Say what) { say_ = what; }
    std::vector<Question> take_questions();

private:
    static int asked(sd_bus_message* message, void* data, sd_bus_error* error);
    void run();
    sd_bus* bus_ = nullptr;
    std::atomic<Say> say_ = Say::no;
    std::mutex mutex_;
    std::vector<Question> questions_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

// memhotd on the bus, ready.
class Daemon {
public:
    struct Options {
        std::string snapshot = "dimm-host.json";   // of tests/data
        std::vector<std::string> more;
        std::map<std::string, std::string> environment;
    };
    Daemon(const PrivateBus& bus, const Options& options);
    explicit Daemon(const PrivateBus& bus) : Daemon(bus, Options{}) {}
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon();

    Process& process() { return process_; }
    [[nodiscard]] std::string log() const { return read_text(log_); }
    // What it told systemd so far, one message after the other.
    std::vector<std::string> notifications();
    bool told(std::string_view words, int milliseconds = 10'000);
    // A line of /proc/PID/status, in its own unit.
    [[nodiscard]] std::uint64_t status(std::string_view name) const;
    [[nodiscard]] std::size_t descriptors() const;
    HostTree& dir() { return dir_; }

private:
    HostTree dir_;
    std::string log_;
    int notify_ = -1;
    std::vector<std::string> told_;
    Process process_;
};

// --- interfaces ----------------------------------------------------------------------------------------------------

struct Member {
    enum class Kind { method, signal, property };
    Kind kind = Kind::method;
    std::string name;
    std::string in;   // signature of the arguments, or of a property
    std::string out;
    std::vector<std::string> arguments;   // their names, in before out
    std::string doc;   // only of our XML
    bool operator==(const Member& other) const {
        return kind == other.kind && name == other.name && in == other.in && out == other.out &&
               arguments == other.arguments;
    }
};
using Interfaces = std::map<std::string, std::vector<Member>>;   // members by name
// Of introspection data, ours or a bus object's.
Interfaces parse_interfaces(const std::string& xml);
// All of daemon/dbus/interfaces.
Interfaces contract();
// Path and interface of one object of each kind that a daemon with nvdimm-host.json has.
std::vector<std::pair<std::string, std::string>> sample_objects(Client& client);
// Appends values that fit the signature: empty and zero, or whatever random() gives.
void append_signature(sd_bus_message* message, const std::string& signature,
                      const std::function<std::uint64_t()>& random = {});

}   // namespace memhot::test
