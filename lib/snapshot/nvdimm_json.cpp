// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Writer and reader of the nvdimm records (nvdimm_json.hpp).
#include "snapshot/nvdimm_json.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <set>

#include "memhot/units.hpp"
#include "snapshot/nvdimm_fields.hpp"
#include "units/json_object.hpp"
#include "units/quote.hpp"

namespace memhot::snapshot {
namespace {

using units::Json;
using units::JsonObject;
using Ordered = nlohmann::ordered_json;

class Writer {
public:
    template <class R>
    static Ordered write(const R& record) {
        Writer writer;
        fields(writer, record);
        return std::move(writer.out_);
    }

    void name(const char* name, const std::string& value) { out_[name] = value; }
    void text(const char* name, const std::string& value) {
        if (!value.empty()) out_[name] = value;
    }
    template <class T>
    void number(const char* name, const std::optional<T>& value) {
        if (value) out_[name] = *value;
    }
    template <class T>
    void required(const char* name, const T& value) {
        out_[name] = value;
    }
    void address(const char* name, const std::optional<std::uint64_t>& value) {
        if (value) out_[name] = hex(*value);
    }
    void flag(const char* name, const std::optional<bool>& value) {
        if (value) out_[name] = *value;
    }
    void truth(const char* name, bool value) { out_[name] = value; }
    void numbers(const char* name, const std::vector<std::uint64_t>& values) {
        if (!values.empty()) out_[name] = values;
    }
    void texts(const char* name, const std::vector<std::string>& values) {
        if (!values.empty()) out_[name] = values;
    }
    template <class E, class Values>
    void word(const char* name, E value, const Values&) {
        out_[name] = to_string(value);
    }
    template <class R>
    void list(const char* name, const std::vector<R>& records) {
        for (const auto& one : records) out_[name].push_back(write(one));
    }
    template <class R>
    void record(const char* name, const std::optional<R>& value) {
        if (value) out_[name] = write(*value);
    }
    void range(const Range& range) {
        out_["start"] = hex(range.start);
        out_["end"] = hex(range.last);
    }

private:
    Ordered out_ = Ordered::object();
};

bool is_line(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

class Reader {
public:
    template <class R>
    static Status read(const Json& value, std::string path, R& record) {
        Reader reader(value, std::move(path));
        fields(reader, record);
        if (reader.inner_) return *reader.inner_;
        return reader.object_.finish();
    }

    void name(const char* name, std::string& value) {
        text(name, value);
        if (value.empty()) object_.fail(name, "missing");
    }
    void text(const char* name, std::string& value) {
        if (auto found = object_.find_text(name)) value = line(name, std::move(*found));
    }
    template <class T>
    void number(const char* name, std::optional<T>& value) {
        if (const auto found = object_.find_number(name, most<T>())) value = static_cast<T>(*found);
    }
    template <class T>
    void required(const char* name, T& value) {
        value = static_cast<T>(object_.number(name, most<T>()));
    }
    void address(const char* name, std::optional<std::uint64_t>& value) { value = object_.find_address(name); }
    void flag(const char* name, std::optional<bool>& value) { value = object_.find_boolean(name); }
    void truth(const char* name, bool& value) { value = object_.boolean(name); }
    void numbers(const char* name, std::vector<std::uint64_t>& values) {
        const Json* list = object_.find_array(name);
        if (list == nullptr) return;
        for (const auto& one : *list) {
            if (!one.is_number_unsigned())
                return object_.fail(name, "expected numbers without sign, point or exponent");
            values.push_back(one.get<std::uint64_t>());
        }
    }
    void texts(const char* name, std::vector<std::string>& values) {
        const Json* list = object_.find_array(name);
        if (list == nullptr) return;
        for (const auto& one : *list) {
            if (!one.is_string()) return object_.fail(name, "expected strings");
            values.push_back(line(name, one.get<std::string>()));
        }
    }
    template <class E, class Values>
    void word(const char* name, E& value, const Values& all) {
        const std::string text = object_.text(name);
        const auto found = std::ranges::find(all, text, [](E one) { return to_string(one); });
        if (found != all.end()) {
            value = *found;
        } else {
            object_.fail(name, units::quoted(text) + ": no such word");
        }
    }
    template <class R>
    void list(const char* name, std::vector<R>& records) {
        const Json* list = object_.find_array(name);
        if (list == nullptr || inner_) return;
        std::set<std::string, std::less<>> seen;
        for (std::size_t i = 0; i < list->size() && !inner_; ++i) {
            const std::string path = fmt::format("{}[{}]", object_.path_of(name), i);
            auto good = read((*list)[i], path, records.emplace_back());
            if (!good) {
                inner_ = good.error();
            } else if constexpr (requires { records.back().name; }) {
                if (!seen.insert(records.back().name).second) {
                    inner_ = bad_input(fmt::format("{}.name: {} is there twice", path, records.back().name));
                }
            }
        }
    }
    template <class R>
    void record(const char* name, std::optional<R>& value) {
        const Json* object = object_.find_object(name);
        if (object == nullptr || inner_) return;
        if (auto good = read(*object, object_.path_of(name), value.emplace()); !good) inner_ = good.error();
    }
    void range(Range& range) {
        range.start = object_.address("start");
        range.last = object_.address("end");
        if (range.start > range.last) object_.fail("end", "is below start");
    }

private:
    Reader(const Json& value, std::string path) : object_(value, std::move(path)) {}

    template <class T>
    static constexpr std::uint64_t most() {
        return static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    }
    std::string line(const char* name, std::string text) {
        if (!is_line(text)) object_.fail(name, units::quoted(text) + ", expected one line of text");
        return text;
    }

    JsonObject object_;
    std::optional<Error> inner_;   // of a record below
};

}   // namespace

Ordered nvdimm_to_json(const NvdimmRecord& record) { return Writer::write(record); }

Result<NvdimmRecord> nvdimm_from_json(const Json& value) {
    NvdimmRecord record;
    if (auto good = Reader::read(value, "nvdimm", record); !good) return good.error();
    return record;
}

}   // namespace memhot::snapshot
