// SPDX-License-Identifier: LGPL-2.1-or-later
#include "replay/xz.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "memhot/outcome.hpp"
#include "memhot/units.hpp"

namespace memhot {

namespace {

constexpr std::string_view kMagic{"\xfd"
                                  "7zXZ\0",
                                  6};
constexpr std::uint64_t kDecoderMemory = 128 * kMiB;

struct FileCloser {
    int fd = -1;
    ~FileCloser() {
        if (fd >= 0) ::close(fd);
    }
};

Error io_error(std::string_view doing, int error) {
    const auto kind = error == ENOENT   ? ErrorKind::not_found
                      : error == EACCES ? ErrorKind::not_permitted
                                        : ErrorKind::io;
    return {kind, fmt::format("{}: {}", doing, std::strerror(error))};
}

Error too_large(std::size_t max_bytes) { return bad_input(fmt::format("larger than {} MiB", max_bytes / kMiB)); }

Result<std::string> read_all(const std::string& path, std::size_t max_bytes) {
    // A FIFO that nobody writes to is an empty file, not one to wait for.
    const FileCloser file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.fd < 0) return io_error("cannot open", errno);
    ::fcntl(file.fd, F_SETFL, 0);
    struct stat info{};
    if (::fstat(file.fd, &info) == 0 && S_ISDIR(info.st_mode)) return bad_input("is a directory: a file expected");
    std::string text;
    std::array<char, 1 << 16> buffer{};
    for (;;) {
        const ssize_t got = ::read(file.fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_error("cannot read", errno);
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > max_bytes) return too_large(max_bytes);
    }
}

Result<std::string> decompress(const std::string& packed, std::size_t max_bytes) {
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, kDecoderMemory, LZMA_CONCATENATED) != LZMA_OK)
        return Error(ErrorKind::io, "no xz decoder");
    const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> closer(&stream, lzma_end);
    std::array<std::uint8_t, 1 << 16> buffer{};
    std::string text;
    stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
    stream.avail_in = packed.size();
    lzma_ret state = LZMA_OK;
    while (state == LZMA_OK) {
        stream.next_out = buffer.data();
        stream.avail_out = buffer.size();
        state = lzma_code(&stream, LZMA_FINISH);
        text.append(reinterpret_cast<const char*>(buffer.data()), buffer.size() - stream.avail_out);
        if (text.size() > max_bytes) return too_large(max_bytes);
    }
    if (state != LZMA_STREAM_END) return bad_input("damaged or truncated xz data");
    return text;
}

}   // namespace

Result<std::string> read_file_or_xz(const std::string& path, std::size_t max_bytes) {
    auto text = read_all(path, max_bytes);
    if (!text || !text->starts_with(kMagic)) return text;
    return decompress(*text, max_bytes);
}

}   // namespace memhot
