#include "api/routes/resolve.hpp"

#include <algorithm>

#include "api/block_pieces.hpp"
#include "api/chain_clock.hpp"
#include "api/change.hpp"
#include "api/parse.hpp"
#include "api/piece_stream.hpp"
#include "api/routes/nodes.hpp"

namespace cairn::routes {
namespace {

constexpr std::uint64_t kSecondsDefault = 30, kSecondsMax = 120;

/// What may be said of our chain after what the nodes have told. The first and the last sentence
/// are those of the tutorial chains.
std::string message_of(const ResolveOutcome& outcome) {
    if (outcome.replaced) return "Our chain was replaced";
    if (outcome.nodes.empty())
        return "Nobody was asked, for no node is registered: our chain stays as it is";
    for (const auto& node : outcome.nodes)
        if (node.ahead)
            return "Our chain stays as it is: " + node.address +
                   " has a longer one, which was refused, for it is ahead of this node's clock";
    const bool answered = std::any_of(outcome.nodes.begin(), outcome.nodes.end(),
                                      [](const auto& node) { return !node.error; });
    return answered ? "Our chain is authoritative"
                    : "No registered node told its whole chain: our chain stays as it is";
}

/// What came of the question, what it cost, and the whole chain, as one view shows them.
class ResolveStream final : public PieceStream {
public:
    ResolveStream(ViewPtr view, const Services& services, ResolveOutcome outcome, UnixSeconds now)
        : PieceStream{std::move(view)},
          objects_{services.objects},
          outcome_{std::move(outcome)},
          behind_{clock_behind(rows(), PieceStream::view(), now)},
          blocks_{rows(), services.objects, finder(*services.blocks), 1,
                  PieceStream::view().tip.height} {}

private:
    [[nodiscard]] std::size_t kept() const override {
        std::size_t bytes = 0;
        for (const auto& dropped : outcome_.dropped)
            bytes += sizeof dropped + dropped.reason.size();
        return bytes;
    }
    void rest() override { blocks_.rest(); }
    bool piece(std::string& out) override {
        if (!std::exchange(begun_, true)) {
            head(out);
            return true;
        }
        if (dropped_ < outcome_.dropped.size()) {
            if (dropped_ > 0) out += ',';
            dropped(out, outcome_.dropped[dropped_++]);
            return true;
        }
        if (!std::exchange(chain_begun_, true)) {
            out += outcome_.replaced ? "],\"new_chain\":[" : "],\"chain\":[";
            return true;
        }
        if (blocks_.next(out)) return true;
        out += "]}";
        return false;
    }
    void head(std::string& out) const {
        json::Writer writer{out};
        writer.begin_object().key("message").string(message_of(outcome_));
        writer.key("replaced").boolean(outcome_.replaced);
        writer.key("length").number(view().tip.height);
        writer.key("nodes").begin_array();
        for (const auto& node : outcome_.nodes) {
            writer.begin_object().key("address").string(node.address);
            if (node.error) writer.key("error").string(*node.error);
            writer.end_object();
        }
        writer.end_array();
        if (behind_) {
            writer.key("warnings").begin_array().string(behind_->to_string());
            writer.end_array();
        }
        writer.key("dropped").raw("[");
    }
    void dropped(std::string& out, const DroppedTransfer& transfer) const {
        json::Writer writer{out};
        writer.begin_object().key("id").string(transfer.id.to_string());
        writer.key("reason").string(transfer.reason);
        if (const auto kept = tables::dropped(rows(), transfer.id)) {
            writer.key("transaction");
            objects_.transfer(writer, transfer.id, kept->transfer->value());
        }
        writer.end_object();
    }

    const Objects& objects_;
    const ResolveOutcome outcome_;
    const std::optional<ClockBehind> behind_;
    BlockPieces blocks_;
    std::size_t dropped_ = 0;
    bool begun_ = false;
    bool chain_begun_ = false;
};

}  // namespace

void resolve(Services& services, http::Request request, std::stop_token stop,
             http::Responder responder) {
    const auto seconds = query_uint(request, "timeout", 1, kSecondsMax);
    if (!seconds) return responder.answer(seconds.error());
    auto change =
        std::make_shared<Change>(std::move(responder), stop, "GET /chain", services.stopping);
    services.nodes.resolve(
        static_cast<std::uint32_t>(seconds->value_or(kSecondsDefault)), std::move(stop),
        [change] { return change->begin(); },
        [&services, change](Result<ResolveOutcome, NodesFailure> outcome) {
            if (!outcome && outcome.error().out_of_time) return change->give_up();
            if (!outcome) return change->answer(nodes_problem(outcome.error(), "GET /chain"));
            change->answer(std::make_unique<ResolveStream>(
                services.gate.view(), services, std::move(*outcome), services.now().wall));
        });
}

}  // namespace cairn::routes
