#include "api/block_pieces.hpp"

namespace cairn {

bool BlockWriter::load() {
    if (!bytes_) bytes_ = blocks_(record_.height, hash_, record_.size);
    return bytes_ != nullptr;
}

bool BlockWriter::next(std::string& out) {
    if (at_ == At::end) return false;
    if (!load()) return !rows_->fault();
    if (at_ == At::head) {
        place_ = first_transaction(*bytes_).value_or(TransactionPlace{});
        objects_->block_head(out, record_, before_);
        at_ = At::transactions;
    }
    if (place_.left > 0) {
        const auto slice = next_transaction(*bytes_, place_);
        if (!slice) {
            rows_->report({StoreFault::corrupt, "the block " + hash_.to_string() + " is broken"});
            return false;
        }
        if (!std::exchange(first_, false)) out += ',';
        json::Writer writer{out};
        objects_->transaction(writer, *slice);
    }
    if (place_.left > 0) return true;
    objects_->block_tail(out, record_, hash_, after_);
    at_ = At::end;
    bytes_.reset();
    return true;
}

bool BlockPieces::open(std::string& out) {
    const auto hash = tables::best(rows_, height_);
    auto record = hash ? tables::header(rows_, *hash) : std::nullopt;
    if (!record) return false;
    if (!std::exchange(first_, false)) out += ',';
    block_.emplace(rows_, objects_, blocks_, *hash, std::move(*record));
    return true;
}

bool BlockPieces::next(std::string& out) {
    while (!block_ || !block_->next(out)) {
        if (rows_.fault()) return false;
        if (block_) {
            block_.reset();
            ++height_;
        }
        if (height_ > last_ || !open(out)) return false;
    }
    return true;
}

}  // namespace cairn
