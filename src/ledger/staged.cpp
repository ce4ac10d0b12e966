#include "ledger/staged.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/ensure.hpp"

namespace cairn {

bool Overlay::Before::precedes(const View& a, const View& b) {
    if (a.first != b.first) return a.first < b.first;
    const std::size_t shared = std::min(a.second.size(), b.second.size());
    const int order = shared == 0 ? 0 : std::memcmp(a.second.data(), b.second.data(), shared);
    return order != 0 ? order < 0 : a.second.size() < b.second.size();
}

void Overlay::set(Table table, Bytes key, std::optional<Bytes> value) {
    const std::size_t added = value ? value->size() : 0;
    const std::size_t key_size = key.size();
    const auto [place, fresh] = rows_.try_emplace(Key{table, std::move(key)});
    if (fresh)
        bytes_ += key_size;
    else
        bytes_ -= place->second ? place->second->size() : 0;
    place->second = std::move(value);
    bytes_ += added;
}

const std::optional<Bytes>* Overlay::find(Table table, ByteView key) const {
    if (rows_.empty()) return nullptr;
    const auto found = rows_.find(Before::View{table, key});
    return found == rows_.end() ? nullptr : &found->second;
}

void Overlay::absorb(Overlay&& upper) {
    if (rows_.empty()) {
        *this = std::exchange(upper, {});
        return;
    }
    while (!upper.rows_.empty()) {
        auto node = upper.rows_.extract(upper.rows_.begin());
        set(node.key().first, std::move(node.key().second), std::move(node.mapped()));
    }
    upper.clear();
}

void Overlay::clear() {
    rows_.clear();
    bytes_ = 0;
}

std::vector<Row> Overlay::take() {
    std::vector<Row> taken;
    taken.reserve(rows_.size());
    while (!rows_.empty()) {
        auto node = rows_.extract(rows_.begin());
        taken.push_back({node.key().first, std::move(node.key().second), std::move(node.mapped())});
    }
    clear();
    return taken;
}

bool Staged::is_cleared(Table table) const {
    return std::find(cleared_.begin(), cleared_.end(), table) != cleared_.end();
}

void Staged::report(StoreError error) const {
    if (below_ != nullptr) return below_->report(std::move(error));
    if (!fault_) fault_ = std::move(error);
}

const std::optional<StoreError>& Staged::fault() const {
    return below_ != nullptr ? below_->fault() : fault_;
}

std::optional<Bytes> Staged::get(Table table, ByteView key) const {
    if (const auto* staged = own().find(table, key)) return *staged;
    if (below_ != nullptr) return below_->get(table, key);
    if (is_cleared(table)) return std::nullopt;
    auto found = snapshot_->get(table, key);
    if (!found) {
        report(std::move(found.error()));
        return std::nullopt;
    }
    return std::move(*found);
}

std::vector<Row> Staged::scan_below(Table table, ByteView from, ByteView to, Bounds bounds) const {
    if (below_ != nullptr) return below_->scan(table, from, to, bounds);
    if (is_cleared(table)) return {};
    auto found = snapshot_->scan(table, from, to, bounds);
    if (found) return std::move(*found);
    report(std::move(found.error()));
    return {};
}

std::vector<Row> Staged::scan(Table table, ByteView from, ByteView to, Bounds bounds) const {
    const auto& rows = own().rows();
    auto next = rows.lower_bound(Overlay::Before::View{table, from});
    const auto past = to.empty() ? rows.lower_bound(Overlay::Before::View{
                                       static_cast<Table>(static_cast<int>(table) + 1), ByteView{}})
                                 : rows.lower_bound(Overlay::Before::View{table, to});
    if (next == past) return scan_below(table, from, to, bounds);

    // Page by page from below, until the limit is filled: fewer rows than asked for mean the end.
    // Where a page stopped at its bound, rows staged beyond its last key wait for the next one.
    constexpr std::size_t kLeastPage = 100;
    std::vector<Row> merged;
    Bytes at(from.begin(), from.end());
    for (;;) {
        const std::size_t page = std::max(bounds.rows - merged.size(), kLeastPage);
        auto under = scan_below(table, at, to, Bounds{page, SIZE_MAX});
        const bool cut = under.size() >= page;
        auto low = under.begin();
        while (merged.size() < bounds.rows) {
            const bool has_low = low != under.end();
            const bool has_staged = next != past && !(cut && next->first.second > under.back().key);
            if (!has_low && !has_staged) break;
            if (!has_staged || (has_low && low->key < next->first.second)) {
                merged.push_back({table, low->key, std::move(low->value)});
                ++low;
                continue;
            }
            if (has_low && low->key == next->first.second) ++low;
            if (next->second) merged.push_back({table, next->first.second, next->second});
            ++next;
        }
        if (!cut || merged.size() >= bounds.rows) return merged;
        at = under.back().key;
        at.push_back(0);
    }
}

std::vector<Row> Staged::scan_back(Table table, ByteView from, ByteView to, Bounds bounds) const {
    ENSURE(below_ == nullptr && rows_.empty());
    auto found = snapshot_->scan_back(table, from, to, bounds);
    if (found) return std::move(*found);
    report(std::move(found.error()));
    return {};
}

void Staged::clear(Table table) {
    ENSURE(below_ == nullptr);
    if (!is_cleared(table)) cleared_.push_back(table);
    Overlay kept;
    for (const auto& [key, value] : rows_.rows())
        if (key.first != table) kept.set(key.first, key.second, value);
    rows_ = std::move(kept);
}

Batch Staged::to_batch() const& {
    Batch batch;
    batch.cleared = cleared_;
    batch.rows.reserve(rows_.rows().size());
    for (const auto& [key, value] : rows_.rows())
        batch.rows.push_back({key.first, key.second, value});
    return batch;
}

Batch Staged::to_batch() && { return {std::exchange(cleared_, {}), rows_.take()}; }

}  // namespace cairn
