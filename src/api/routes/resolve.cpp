#include "api/routes/resolve.hpp"

#include "api/block_pieces.hpp"
#include "api/change.hpp"
#include "api/parse.hpp"
#include "api/piece_stream.hpp"
#include "api/routes/nodes.hpp"

namespace cairn::routes {
namespace {

constexpr std::uint64_t kSecondsDefault = 30, kSecondsMax = 120;

/// What came of the question, what it cost, and the whole chain, as one view shows them.
class ResolveStream final : public PieceStream {
public:
    ResolveStream(ViewPtr view, const Objects& objects, ResolveOutcome outcome)
        : PieceStream{std::move(view)},
          objects_{objects},
          outcome_{std::move(outcome)},
          blocks_{rows(), objects, 1, PieceStream::view().tip.height} {}

private:
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
        writer.begin_object().key("message");
        writer.string(outcome_.replaced ? "Our chain was replaced" : "Our chain is authoritative");
        writer.key("replaced").boolean(outcome_.replaced);
        writer.key("length").number(view().tip.height);
        writer.key("nodes").begin_array();
        for (const auto& node : outcome_.nodes) {
            writer.begin_object().key("address").string(node.address);
            if (node.error) writer.key("error").string(*node.error);
            writer.end_object();
        }
        writer.end_array().key("dropped").raw("[");
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
                services.gate.view(), services.objects, std::move(*outcome)));
        });
}

}  // namespace cairn::routes
