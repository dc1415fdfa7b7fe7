// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/map_json.hpp"

#include "output/host_json.hpp"

namespace memhotctl {

using memhot::Range;

namespace {

Json shared_json(const Painter& painter, const SharedSection& section, const memhot::Model& model) {
    Json owners = Json::array();
    for (const auto& owner : section.owners) owners.push(extent_json(owner));
    const auto info = model.section(section.number);
    return std::move(range_json(section.range)
                         .set("section", section.number)
                         .set("early", info.early)
                         .set("subsections", bits_text(info.subsections))
                         .set("cells", painter.cells(section.range))
                         .set("owners", std::move(owners)));
}

}   // namespace

Json map_document(const Painter& painter, const Range& part, const memhot::Model& model) {
    Json extents = Json::array();
    for (const auto& extent : clip(painter.extents(), part)) extents.push(extent_json(extent));
    Json shared = Json::array();
    for (const auto& section : shared_sections(painter.extents(), model.profile().section_size())) {
        if (section.range.overlaps(part)) shared.push(shared_json(painter, section, model));
    }
    Json legend = Json::array();
    for (const auto& entry : painter.draw(part).legend) {
        Json item = Json::object({{"sign", std::string(1, entry.sign)}, {"text", entry.text}});
        if (entry.range) item.set("range", range_json(*entry.range));
        legend.push(std::move(item));
    }
    return Json::object({{"format", "memhot-map/1"},
                         {"range", range_json(part)},
                         {"extents", std::move(extents)},
                         {"shared_sections", std::move(shared)},
                         {"legend", std::move(legend)}});
}

}   // namespace memhotctl
