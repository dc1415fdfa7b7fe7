// SPDX-License-Identifier: GPL-2.0-or-later
//
// org.memhot1.Region, .Namespace and .DaxDevice: what sysfs shows to everybody as properties, where they lie on request.
#include <algorithm>
#include <map>

#include "dbus/objects.hpp"
#include "org.memhot1.DaxDevice-adaptor.h"
#include "org.memhot1.Namespace-adaptor.h"
#include "org.memhot1.Region-adaptor.h"

namespace memhot::bus {

namespace {

using org::memhot1::DaxDevice_adaptor;
using org::memhot1::Namespace_adaptor;
using org::memhot1::Region_adaptor;
using AddressRange = sdbus::Struct<std::uint64_t, std::uint64_t>;
using Ranges = std::vector<AddressRange>;

std::vector<Range> ranges_of(const std::optional<std::uint64_t>& start, const std::optional<std::uint64_t>& size) {
    if (!start || !size) return {};
    const auto range = Range::from_size(*start, *size);
    return range ? std::vector{*range} : std::vector<Range>{};
}

// What the three have in common. Record: what the state holds of one device.
template <class Adaptor, class Record>
class Device : public sdbus::AdaptorInterfaces<Adaptor, sdbus::ManagedObject_adaptor> {
public:
    using Base = sdbus::AdaptorInterfaces<Adaptor, sdbus::ManagedObject_adaptor>;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    [[nodiscard]] const Record& record() const { return record_; }
    void set(Record record) { record_ = std::move(record); }
    void changed(const std::vector<std::string>& names) {
        compat::properties_changed(this->getObject(), Adaptor::INTERFACE_NAME, names);
    }

protected:
    Device(World& world, const std::string& path, std::string_view interface, Record record)
        : Base(world.connection.get(), sdbus::ObjectPath(path)), world_(world), interface_(interface),
          record_(std::move(record)) {}
    ~Device() = default;

    template <class F>
    auto get(std::string_view property, F value) const {
        return world_.gate.get(interface_, property, std::move(value));
    }
    void ranges(sdbus::Result<Ranges>&& result, VariantMap options, std::vector<Range> where) {
        world_.gate.handle(
            this->getObject(), interface_, "GetRanges", std::move(options), std::move(result),
            [where = std::move(where)](const Asked& asked, const Reply<Ranges>& reply) {
                if (!asked.options.empty())
                    return reply.error({service::error_name::kBadInput, "there is no such option"});
                Ranges out;
                for (const auto& range : where) out.push_back({range.start, range.last});
                reply(out);
            },
            [](Asked&) {});
    }
    // At the end of each constructor, and at the beginning of each destructor: the bus calls what is overridden there.
    void publish() {
        this->registerAdaptor();
        announce([this] { this->emitInterfacesAddedSignal(); });
    }
    void withdraw() {
        announce([this] { this->emitInterfacesRemovedSignal(); });
        this->unregisterAdaptor();
    }

    World& world_;
    std::string_view interface_;
    Record record_;
};

class RegionObject final : public Device<Region_adaptor, NdRegionRecord> {
public:
    static constexpr std::array kChanging{"Size", "AvailableSize", "Align", "Node", "Enabled"};
    RegionObject(World& world, NdRegionRecord record) : Device(world, region_path(record.name), "Region", record) {
        publish();
    }
    RegionObject(const RegionObject&) = delete;
    RegionObject& operator=(const RegionObject&) = delete;
    ~RegionObject() { withdraw(); }

private:
    void GetRanges(sdbus::Result<Ranges>&& result, VariantMap options) override {
        ranges(std::move(result), std::move(options), ranges_of(record_.resource, record_.size));
    }
    std::string Name() override {
        return get("Name", [&] { return record_.name; });
    }
    std::string Type() override {
        return get("Type", [&] { return record_.type; });
    }
    std::uint64_t Size() override {
        return get("Size", [&] { return record_.size.value_or(0); });
    }
    std::uint64_t AvailableSize() override {
        return get("AvailableSize", [&] { return record_.available_size.value_or(0); });
    }
    std::uint64_t Align() override {
        return get("Align", [&] { return record_.align.value_or(0); });
    }
    std::int32_t Node() override {
        return get("Node", [&] { return std::int32_t{record_.numa_node.value_or(-1)}; });
    }
    bool Enabled() override {
        return get("Enabled", [&] { return !record_.driver.empty(); });
    }
};

// A namespace with the instance that holds it.
struct NamespaceView {
    NamespaceRecord ns;
    std::optional<NdInstanceRecord> instance;
    friend bool operator==(const NamespaceView&, const NamespaceView&) = default;
    [[nodiscard]] std::string mode() const {
        if (!instance) return ns.mode == "memory" ? "memory" : "raw";
        if (instance->kind == InstanceKind::btt) return "sector";
        return instance->kind == InstanceKind::dax ? "devdax" : "fsdax";
    }
};

class NamespaceObject final : public Device<Namespace_adaptor, NamespaceView> {
public:
    static constexpr std::array kChanging{"Size", "Mode", "Uuid", "Enabled"};
    NamespaceObject(World& world, NamespaceView view) : Device(world, namespace_path(view.ns.name), "Namespace", view) {
        publish();
    }
    NamespaceObject(const NamespaceObject&) = delete;
    NamespaceObject& operator=(const NamespaceObject&) = delete;
    ~NamespaceObject() { withdraw(); }

private:
    void GetRanges(sdbus::Result<Ranges>&& result, VariantMap options) override {
        ranges(std::move(result), std::move(options), ranges_of(record_.ns.resource, record_.ns.size));
    }
    std::string Name() override {
        return get("Name", [&] { return record_.ns.name; });
    }
    sdbus::ObjectPath Region() override {
        return get("Region", [&] { return sdbus::ObjectPath(region_path(record_.ns.region)); });
    }
    std::uint64_t Size() override {
        return get("Size", [&] { return record_.ns.size.value_or(0); });
    }
    std::string Mode() override {
        return get("Mode", [&] { return record_.mode(); });
    }
    std::string Uuid() override {
        return get("Uuid", [&] { return record_.ns.uuid; });
    }
    bool Enabled() override {
        return get("Enabled", [&] {
            return !record_.ns.driver.empty() || (record_.instance && !record_.instance->driver.empty());
        });
    }
};

class DaxObject final : public Device<DaxDevice_adaptor, DaxDeviceRecord> {
public:
    static constexpr std::array kChanging{"Size", "Align", "Node", "Mode"};
    DaxObject(World& world, DaxDeviceRecord record) : Device(world, dax_path(record.name), "DaxDevice", record) {
        publish();
    }
    DaxObject(const DaxObject&) = delete;
    DaxObject& operator=(const DaxObject&) = delete;
    ~DaxObject() { withdraw(); }

private:
    void GetRanges(sdbus::Result<Ranges>&& result, VariantMap options) override {
        ranges(std::move(result), std::move(options), memhot::ranges_of(record_));
    }
    std::string Name() override {
        return get("Name", [&] { return record_.name; });
    }
    std::uint64_t Size() override {
        return get("Size", [&] { return record_.size.value_or(0); });
    }
    std::uint64_t Align() override {
        return get("Align", [&] { return record_.align.value_or(0); });
    }
    std::string Mode() override {
        return get("Mode", [&] {
            if (record_.driver == "kmem") return std::string("system-ram");
            return record_.driver.empty() ? std::string() : std::string("devdax");
        });
    }
    std::int32_t Node() override {
        return get("Node", [&] { return std::int32_t{record_.target_node.value_or(-1)}; });
    }
};

// Makes, changes and takes away objects until they are those of wanted (by name).
template <class Object, class Record>
void reconcile(World& world, std::map<std::string, std::unique_ptr<Object>>& objects,
               std::map<std::string, Record> wanted) {
    std::erase_if(objects, [&](const auto& entry) { return !wanted.contains(entry.first); });
    for (auto& [name, record] : wanted) {
        auto& object = objects[name];
        if (!object) {
            object = std::make_unique<Object>(world, std::move(record));
        } else if (!(object->record() == record)) {
            object->set(std::move(record));
            object->changed({Object::kChanging.begin(), Object::kChanging.end()});
        }
    }
}

class Devices final : public DeviceObjects {
public:
    explicit Devices(World& world) : world_(world) { update(); }

    void update() override {
        const auto& nd = world_.service.state().devices();
        std::map<std::string, NdRegionRecord> regions;
        for (const auto& region : nd.regions) regions.emplace(region.name, region);
        std::map<std::string, NamespaceView> namespaces;
        for (const auto& ns : nd.namespaces) {
            NamespaceView view{ns, std::nullopt};
            if (const auto* instance = nd.instance_over(ns.name)) view.instance = *instance;
            namespaces.emplace(ns.name, std::move(view));
        }
        std::map<std::string, DaxDeviceRecord> dax;
        for (const auto& device : nd.dax_devices) dax.emplace(device.name, device);
        reconcile(world_, regions_, std::move(regions));
        reconcile(world_, namespaces_, std::move(namespaces));
        reconcile(world_, dax_, std::move(dax));
    }
    [[nodiscard]] std::size_t count() const override { return regions_.size() + namespaces_.size() + dax_.size(); }

private:
    World& world_;
    std::map<std::string, std::unique_ptr<RegionObject>> regions_;
    std::map<std::string, std::unique_ptr<NamespaceObject>> namespaces_;
    std::map<std::string, std::unique_ptr<DaxObject>> dax_;
};

}   // namespace

std::unique_ptr<DeviceObjects> make_devices(World& world) { return std::make_unique<Devices>(world); }

}   // namespace memhot::bus
