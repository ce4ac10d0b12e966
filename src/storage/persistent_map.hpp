#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <memory>
#include <utility>

#include "core/base/bytes.hpp"

namespace cairn {

/// An ordered map of bytes to bytes that never changes: `set` and `erase` give a new map that
/// shares all but the O(log n) nodes of one path with the old. A copy is one pointer, so a map is
/// its own snapshot, and maps may be read and dropped on any thread.
///
/// An AVL tree: keys are chosen by others (addresses, names), and a treap or a skip list would owe
/// its depth to a random device, which this has none of.
class PersistentMap {
    struct Node;
    using Link = std::shared_ptr<const Node>;

public:
    PersistentMap() = default;

    /// The value, which lasts as long as any map that holds it; null if there is none.
    [[nodiscard]] const Bytes* find(ByteView key) const {
        const Node* node = root_.get();
        while (node != nullptr) {
            const auto order = compare(key, node->row->key);
            if (order == 0) return &node->row->value;
            node = order < 0 ? node->left.get() : node->right.get();
        }
        return nullptr;
    }
    [[nodiscard]] PersistentMap set(Bytes key, Bytes value) const {
        const auto row = std::make_shared<const Row>(Row{std::move(key), std::move(value)});
        return PersistentMap{with(root_, row)};
    }
    [[nodiscard]] PersistentMap erase(ByteView key) const {
        return find(key) == nullptr ? *this : PersistentMap{without(root_, key)};
    }
    /// Visits from <= key < to in rising order until `visit(key, value)` says false; an empty `to`
    /// is the end.
    template <class Visit>
    void ascend(ByteView from, ByteView to, Visit&& visit) const {
        walk<true>(root_.get(), from, to, visit);
    }
    /// The same range in falling order.
    template <class Visit>
    void descend(ByteView from, ByteView to, Visit&& visit) const {
        walk<false>(root_.get(), from, to, visit);
    }

private:
    struct Row {
        Bytes key;
        Bytes value;
    };
    struct Node {
        std::shared_ptr<const Row> row;
        Link left;
        Link right;
        int height = 1;
    };

    explicit PersistentMap(Link root) : root_{std::move(root)} {}

    static std::strong_ordering compare(ByteView a, ByteView b) {
        return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
    }
    static int height(const Link& link) { return link ? link->height : 0; }
    static Link node(std::shared_ptr<const Row> row, Link left, Link right) {
        const int tallest = std::max(height(left), height(right));
        return std::make_shared<const Node>(
            Node{std::move(row), std::move(left), std::move(right), tallest + 1});
    }
    /// A node whose children differ by at most two in height, turned until they differ by at most
    /// one.
    static Link balanced(const std::shared_ptr<const Row>& row, const Link& left,
                         const Link& right) {
        if (height(left) > height(right) + 1) {
            if (height(left->left) >= height(left->right))
                return node(left->row, left->left, node(row, left->right, right));
            return node(left->right->row, node(left->row, left->left, left->right->left),
                        node(row, left->right->right, right));
        }
        if (height(right) > height(left) + 1) {
            if (height(right->right) >= height(right->left))
                return node(right->row, node(row, left, right->left), right->right);
            return node(right->left->row, node(row, left, right->left->left),
                        node(right->row, right->left->right, right->right));
        }
        return node(row, left, right);
    }
    static Link with(const Link& at, const std::shared_ptr<const Row>& row) {
        if (!at) return node(row, nullptr, nullptr);
        const auto order = compare(row->key, at->row->key);
        if (order == 0) return node(row, at->left, at->right);
        if (order < 0) return balanced(at->row, with(at->left, row), at->right);
        return balanced(at->row, at->left, with(at->right, row));
    }
    static Link without(const Link& at, ByteView key) {
        const auto order = compare(key, at->row->key);
        if (order < 0) return balanced(at->row, without(at->left, key), at->right);
        if (order > 0) return balanced(at->row, at->left, without(at->right, key));
        if (!at->left) return at->right;
        if (!at->right) return at->left;
        const Node* successor = at->right.get();
        while (successor->left) successor = successor->left.get();
        return balanced(successor->row, at->left, without(at->right, successor->row->key));
    }
    template <bool kRising, class Visit>
    static bool walk(const Node* at, ByteView from, ByteView to, Visit& visit) {
        if (at == nullptr) return true;
        const bool above = compare(at->row->key, from) >= 0;
        const bool below = to.empty() || compare(at->row->key, to) < 0;
        const Node* first = kRising ? at->left.get() : at->right.get();
        const Node* second = kRising ? at->right.get() : at->left.get();
        if ((kRising ? above : below) && !walk<kRising>(first, from, to, visit)) return false;
        if (above && below && !visit(at->row->key, at->row->value)) return false;
        return !(kRising ? below : above) || walk<kRising>(second, from, to, visit);
    }

    Link root_;
};

}  // namespace cairn
