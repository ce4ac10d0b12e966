#include "net/serve/answers.hpp"

#include <utility>

#include "net/limits.hpp"
#include "net/protocol/codec.hpp"

namespace cairn::net {

bool Answers::take(Message& message) {
    if (auto* headers = std::get_if<GetHeaders>(&message)) {
        keep(HeadersAsked{std::move(*headers), {}}, 1);
    } else if (auto* items = std::get_if<GetData>(&message)) {
        const std::size_t weight = 1 + items->items.size();
        keep(ItemsAsked{std::move(*items), 0, {}}, weight);
    } else if (const auto* pool = std::get_if<Mempool>(&message)) {
        keep(pool->page ? Question{*pool->page} : Question{PoolAsked{}}, 1);
    } else {
        return false;
    }
    return true;
}

void Answers::keep(Question question, std::size_t weight) {
    asked_ += weight;
    questions_.emplace_back(std::move(question), weight);
}

void Answers::answered() {
    asked_ -= questions_.front().second;
    questions_.pop_front();
}

void Answers::clear() {
    questions_.clear();
    asked_ = 0;
    given_.reset();
}

Answers::Part Answers::next(const Staged& rows) {
    while (begun_ && !questions_.empty()) {
        const std::size_t before = questions_.size();
        Part part =
            std::visit([&](auto& asked) { return go_on(asked, rows); }, questions_.front().first);
        // A question that came to an end without a word costs nothing to speak of.
        if (part.frame || questions_.size() == before) return part;
    }
    return {};
}

Answers::Part Answers::go_on(HeadersAsked& asked, const Staged& rows) {
    auto& found = asked.found.headers;
    GetHeaders rest{asked.question.locator, asked.question.stop};
    if (!found.empty()) rest.locator = {found.back().hash};
    const std::size_t most = std::min(kHeadersAtOnce, limits::kHeaders - found.size());
    auto more = headers_after(rows, rest, most).headers;
    // After a switch of branches what comes next need not follow: then that is all there is.
    const bool follows =
        found.empty() || more.empty() || more.front().header.previous_hash == found.back().hash;
    const bool is_part = follows && more.size() == most && more.back().hash != rest.stop;
    if (follows) found.insert(found.end(), more.begin(), more.end());
    if (is_part && found.size() < limits::kHeaders) return {std::nullopt, true};
    Bytes frame = encode(Message{std::move(asked.found)});
    answered();
    return {std::move(frame), false};
}

Answers::Part Answers::go_on(ItemsAsked& asked, const Staged& rows) {
    const auto& items = asked.question.items;
    for (std::size_t looked = 0; asked.done < items.size(); ++looked) {
        if (looked == kItemsAtOnce) return {std::nullopt, true};
        const Item& item = items[asked.done];
        if (!given_ && is_large_block(rows, item)) return {std::nullopt, true, item};
        ++asked.done;
        auto frame =
            given_ ? std::move(*std::exchange(given_, std::nullopt)) : frame_of(rows, item);
        if (frame) return {std::move(frame), true};
        asked.missing.items.push_back(item);
    }
    NotFound missing = std::move(asked.missing);
    answered();
    if (missing.items.empty()) return {};
    return {encode(Message{std::move(missing)}), false};
}

Answers::Part Answers::go_on(PoolAsked& asked, const Staged& rows) {
    auto& found = asked.found.items;
    const std::size_t most = std::min(kPoolRowsAtOnce, limits::kInvItems - found.size());
    auto more = pool_inventory(rows, asked.cursor, most).items;
    found.insert(found.end(), more.begin(), more.end());
    const bool at_end = asked.cursor.empty();
    if (!at_end && found.size() < limits::kInvItems) return {std::nullopt, true};
    // An empty one too: that there is nothing (more) is what who asks is waiting for.
    Bytes frame = encode(Message{std::exchange(asked.found, {})});
    if (at_end) answered();
    return {std::move(frame), !at_end};
}

Answers::Part Answers::go_on(const PoolPage& asked, const Staged&) {
    if (!given_) return {std::nullopt, true, asked};
    auto frame = std::move(*std::exchange(given_, std::nullopt));
    answered();
    return {std::move(frame), false};
}

}  // namespace cairn::net
