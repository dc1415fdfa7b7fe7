// SPDX-License-Identifier: GPL-2.0-or-later
//
// A little host in a temporary directory: device directories below sys/devices, and links to them as sysfs has them.
#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace memhot::test {

class NdTree {
public:
    NdTree() {
        std::string name = std::filesystem::temp_directory_path() / "memhot-nd-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
        root_ = name;
    }
    NdTree(const NdTree&) = delete;
    NdTree& operator=(const NdTree&) = delete;
    ~NdTree() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }

    void file(const std::string& path, std::string_view text) const {
        const auto full = root_ / path;
        std::filesystem::create_directories(full.parent_path());
        std::ofstream out(full, std::ios::binary | std::ios::trunc);
        out << text;
        if (!out) throw std::runtime_error("cannot write " + full.string());
    }
    void directory(const std::string& path) const { std::filesystem::create_directories(root_ / path); }
    void link(const std::string& path, const std::string& target) const {
        std::filesystem::create_directories((root_ / path).parent_path());
        std::filesystem::create_symlink(target, root_ / path);
    }

    using Files = std::vector<std::pair<std::string, std::string>>;
    // A device below sys/devices (where: "platform/ndbus0/region0") with attributes, one line each, and its driver.
    void device(const std::string& bus, const std::string& where, const Files& attributes,
                const std::string& driver = "") const {
        const std::string path = "sys/devices/" + where;
        directory(path);
        for (const auto& [name, text] : attributes) file(path + "/" + name, text + "\n");
        if (!driver.empty()) link(path + "/driver", "/sys/bus/" + bus + "/drivers/" + driver);
        const auto slash = where.rfind('/');
        const std::string name = slash == std::string::npos ? where : where.substr(slash + 1);
        link("sys/bus/" + bus + "/devices/" + name, "../../../devices/" + where);
    }

private:
    std::filesystem::path root_;
};

}   // namespace memhot::test
