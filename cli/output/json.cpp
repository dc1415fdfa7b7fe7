// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/json.hpp"

#include <nlohmann/json.hpp>

namespace memhotctl {

namespace {

using Document = nlohmann::ordered_json;

struct Convert {
    Document operator()(const Json::Array& items) const {
        Document out = Document::array();
        for (const auto& item : items) out.push_back(std::visit(*this, item.value()));
        return out;
    }
    Document operator()(const Json::Object& members) const {
        Document out = Document::object();
        for (const auto& [name, value] : members) out[name] = std::visit(*this, value.value());
        return out;
    }
    Document operator()(const Json::Raw& raw) const { return Document::parse(raw.text, nullptr, false); }
    template <class Scalar>
    Document operator()(const Scalar& scalar) const {
        return Document(scalar);
    }
};

}   // namespace

Json& Json::set(std::string name, Json value) {
    if (!std::holds_alternative<Object>(value_)) value_ = Object{};
    std::get<Object>(value_).emplace_back(std::move(name), std::move(value));
    return *this;
}

Json& Json::push(Json value) {
    if (!std::holds_alternative<Array>(value_)) value_ = Array{};
    std::get<Array>(value_).push_back(std::move(value));
    return *this;
}

std::string Json::text() const {
    return std::visit(Convert{}, value_).dump(2, ' ', false, Document::error_handler_t::replace) + "\n";
}

}   // namespace memhotctl
