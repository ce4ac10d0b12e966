#include "api/routes/inventories.hpp"

#include <algorithm>

#include "api/routes/nodes.hpp"

namespace cairn::routes {
namespace {

/// Sends a round's answers as they lie, without a copy of the whole.
class InventoriesStream final : public http::Stream {
public:
    explicit InventoriesStream(Inventories nodes) : nodes_{std::move(nodes)} {}

    Result<bool, StoreError> next(std::string& out) override {
        if (!std::exchange(begun_, true)) out += "{\"information\":[";
        while (at_ < nodes_->size() && out.size() < kChunk) step(out);
        if (at_ < nodes_->size()) return true;
        out += "]}";
        return false;
    }

private:
    // A little less than a stream may append, for what stands around the elements.
    static constexpr std::size_t kChunk = 48 * 1024;

    void step(std::string& out) {
        const Inventory& node = (*nodes_)[at_];
        const auto* values = std::get_if<Inventory::Values>(&node.outcome);
        if (!std::exchange(open_, true)) {
            if (at_ > 0) out += ',';
            out += "{\"node\":";
            json::append_string(out, node.node);
            out += values != nullptr ? ",\"values\":[" : ",\"error\":";
            sent_ = 0;
        }
        if (values == nullptr) {
            json::append_string(out, std::get<std::string>(node.outcome));
        } else {
            const std::size_t part =
                std::min(values->elements.size() - sent_, kChunk - std::min(kChunk, out.size()));
            out.append(values->elements, sent_, part);
            sent_ += part;
            if (sent_ < values->elements.size()) return;
            out += values->truncated ? "],\"truncated\":true" : "]";
        }
        out += '}';
        open_ = false;
        ++at_;
    }

    const Inventories nodes_;
    std::size_t at_ = 0;
    std::size_t sent_ = 0;
    bool begun_ = false;
    bool open_ = false;
};

}  // namespace

void get_blocks(Services& services, http::Request /*request*/, std::stop_token /*stop*/,
                http::Responder responder) {
    auto held = std::make_shared<http::Responder>(std::move(responder));
    services.nodes.inventories([held](Result<Inventories, NodesFailure> nodes) {
        if (!nodes) return held->answer(nodes_problem(nodes.error()));
        held->answer(std::make_unique<InventoriesStream>(std::move(*nodes)));
    });
}

}  // namespace cairn::routes
