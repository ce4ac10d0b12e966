#include "api/routes/transactions.hpp"

#include "api/parse.hpp"
#include "api/piece_stream.hpp"
#include "api/routes/paging.hpp"
#include "core/base/hex.hpp"
#include "core/consensus/merkle.hpp"
#include "json/writer.hpp"

namespace cairn::routes {
namespace {

struct Found {
    Location location;
    BlockHash block;
    HeaderRecord record;
};

std::optional<Found> confirmed(const Staged& rows, const Txid& id) {
    const auto location = tables::location(rows, id);
    const auto hash = location ? tables::best(rows, location->height) : std::nullopt;
    auto record = hash ? tables::header(rows, *hash) : std::nullopt;
    if (!record) return std::nullopt;
    return Found{*location, *hash, std::move(*record)};
}

http::Problem unknown(const std::string& id) {
    return {.status = 404,
            .detail = "There is no transaction " + id.substr(0, 80) +
                      " in the chain, in the pool or among the last 10,000 dropped ones."};
}

void write_transaction(json::Writer& writer, const Objects& objects, const Txid& id,
                       ByteView bytes) {
    if (const auto reward = decode_reward(bytes)) return objects.reward(writer, id, *reward);
    if (const auto transfer = decode_transfer(bytes))
        return objects.transfer(writer, id, *transfer);
    writer.null();
}

/// A transaction of the best chain, once its block is read.
class TransactionStream final : public PieceStream {
public:
    TransactionStream(ViewPtr view, const Services& services, const Txid& id, const Found& found,
                      std::uint64_t confirmations)
        : PieceStream{std::move(view)},
          objects_{services.objects},
          blocks_{*services.blocks},
          id_{id},
          found_{found},
          confirmations_{confirmations} {}

private:
    bool piece(std::string& out) override {
        const Location& location = found_.location;
        const SharedBytes bytes = block(blocks_, location.height, found_.block, found_.record.size);
        if (!bytes) return !rows().fault();
        if (bytes->size() < std::size_t{location.offset} + location.size) {
            rows().report({StoreFault::corrupt, "a transaction does not lie in its block"});
            return false;
        }
        json::Writer writer{out};
        writer.begin_object().key("status").string("confirmed").key("transaction");
        write_transaction(writer, objects_, id_,
                          ByteView{*bytes}.subspan(location.offset, location.size));
        writer.key("block").begin_object().key("index").number(location.height);
        writer.key("hash").string(found_.block.to_string()).end_object();
        writer.key("confirmations").number(confirmations_).end_object();
        return false;
    }

    const Objects& objects_;
    BlockCache& blocks_;
    const Txid id_;
    const Found found_;
    const std::uint64_t confirmations_;
};

http::Answer confirmed_answer(const Reading& reading, const Txid& id, const Found& found) {
    const std::uint64_t confirmations = reading.view.tip.height - found.location.height + 1;
    const std::string tag = "\"" + id.to_string() + "-" + found.block.to_string() + "-" +
                            std::to_string(confirmations) + "\"";
    if (is_unchanged(reading.request, tag)) return not_modified(tag);
    auto stream = std::make_unique<TransactionStream>(reading.view_ptr, reading.services, id, found,
                                                      confirmations);
    stream->set_headers({{"ETag", tag}, {"Cache-Control", "no-cache"}});
    return stream;
}

/// The proof of one transaction, worked out a slice at a time: a full block holds some 26,000 ids
/// to hash, and as many pairs of them.
class ProofStream final : public PieceStream {
public:
    ProofStream(ViewPtr view, BlockCache& blocks, const Txid& id, const BlockHash& hash,
                const Location& location, const HeaderRecord& record)
        : PieceStream{std::move(view)},
          blocks_{blocks},
          id_{id},
          hash_{hash},
          location_{location},
          record_{record} {}

private:
    /// The ids, and the tree's lowest level.
    [[nodiscard]] std::size_t kept() const override {
        return 2 * sizeof(Txid) * std::size_t{record_.transactions};
    }

    static constexpr int kIdsAtOnce = 256;
    static constexpr std::size_t kPairsAtOnce = 1024;

    bool piece(std::string& out) override {
        if (!walk_) return collect();
        if (walk_->step(kPairsAtOnce)) return true;
        json::Writer writer{out};
        writer.begin_object().key("id").string(id_.to_string());
        writer.key("block_hash").string(hash_.to_string());
        writer.key("index").number(location_.height);
        writer.key("position").number(location_.position);
        writer.key("count").number(count_);
        writer.key("branch").begin_array();
        for (const auto& sibling : walk_->branch()) writer.string(sibling.to_string());
        writer.end_array();
        writer.key("header").hex(encode(record_.header)).end_object();
        return false;
    }
    void rest() override { block_.reset(); }

    bool collect() {
        if (!block_) block_ = block(blocks_, location_.height, hash_, record_.size);
        if (!block_) return !rows().fault();
        if (!place_) place_ = first_transaction(*block_);
        for (int i = 0; place_ && place_->left > 0 && i < kIdsAtOnce; ++i) {
            const auto slice = next_transaction(*block_, *place_);
            if (!slice)
                place_.reset();
            else
                ids_.push_back(slice->id);
        }
        if (!place_) {
            rows().report({StoreFault::corrupt, "a block does not decode"});
            return false;
        }
        if (place_->left > 0) return true;
        count_ = ids_.size();
        walk_.emplace(ids_, location_.position);
        ids_ = {};
        return true;
    }

    BlockCache& blocks_;
    const Txid id_;
    const BlockHash hash_;
    const Location location_;
    const HeaderRecord record_;
    SharedBytes block_;
    std::optional<TransactionPlace> place_;
    std::vector<Txid> ids_;
    std::size_t count_ = 0;
    std::optional<MerkleWalk> walk_;
};

}  // namespace

http::Answer transaction(const Reading& reading) {
    const auto id = parse_digest<Txid>("id", reading.parameter(0));
    if (!id) return id.error();
    const Staged rows{reading.view.store};
    if (const auto found = confirmed(rows, *id)) return confirmed_answer(reading, *id, *found);
    const auto pending = tables::pending(rows, *id);
    const auto dropped = pending ? std::nullopt : tables::dropped(rows, *id);
    if (rows.fault()) return store_problem(*rows.fault());
    if (!pending && !dropped) return unknown(reading.parameter(0));

    http::Reply reply;
    json::Writer writer{reply.body};
    const TransferPtr& transfer = pending ? pending->transfer : dropped->transfer;
    writer.begin_object().key("status").string(pending ? "pool" : "dropped").key("transaction");
    reading.services.objects.transfer(writer, *id, transfer->value());
    if (dropped) writer.key("reason").string(dropped->reason);
    writer.end_object();
    return reply;
}

http::Answer proof(const Reading& reading) {
    const auto id = parse_digest<Txid>("id", reading.parameter(0));
    if (!id) return id.error();
    const Staged rows{reading.view.store};
    const auto found = confirmed(rows, *id);
    if (rows.fault()) return store_problem(*rows.fault());
    if (!found)
        return http::Problem{.status = 404,
                             .detail = "There is no transaction " +
                                       reading.parameter(0).substr(0, 80) +
                                       " in the best chain; only such can be proven."};
    return std::make_unique<ProofStream>(reading.view_ptr, *reading.services.blocks, *id,
                                         found->block, found->location, found->record);
}

}  // namespace cairn::routes
