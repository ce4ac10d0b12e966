#include "api/block_pieces.hpp"

namespace cairn {

bool BlockPieces::open(std::string& out) {
    const auto hash = tables::best(rows_, height_);
    if (!hash) return false;
    record_ = tables::header(rows_, *hash);
    auto bytes = tables::block(rows_, height_, *hash);
    if (!record_ || !bytes) {
        record_.reset();
        return false;
    }
    hash_ = *hash;
    bytes_ = std::move(*bytes);
    auto decoded = decode_block(bytes_);
    block_ = decoded ? std::move(*decoded) : DecodedBlock{};
    position_ = 0;
    if (!std::exchange(first_, false)) out += ',';
    objects_.block_head(out, *record_);
    return true;
}

bool BlockPieces::next(std::string& out) {
    if (!record_) {
        if (height_ > last_ || !open(out)) return false;
    }
    if (position_ < block_.transactions.size()) {
        if (position_ > 0) out += ',';
        json::Writer writer{out};
        objects_.transaction(writer, block_.transactions[position_++]);
    }
    if (position_ < block_.transactions.size()) return true;
    objects_.block_tail(out, *record_, hash_);
    record_.reset();
    ++height_;
    return true;
}

}  // namespace cairn
