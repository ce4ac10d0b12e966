#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "ledger/testing/machine.hpp"
#include "net/limits.hpp"
#include "net/protocol/codec.hpp"
#include "net/serve/serve.hpp"
#include "net/sync/sync.hpp"

namespace cairn::net::testing {

using cairn::testing::ChainBuilder;
using cairn::testing::Machine;

/// A ledger with its Sync, driven as the node drives them: offers are carried out at once, all
/// other actions are kept for the test to look at.
class Party {
public:
    explicit Party(std::shared_ptr<const ChainParams> params) : machine{params} {}

    [[nodiscard]] Chain chain() { return {*machine.ledger, pool, *machine.rows, false, unheard}; }

    /// Of one kind, taken out of what is waiting.
    template <class T>
    std::vector<T> take() {
        std::vector<T> taken;
        Actions rest;
        for (auto& action : out) {
            if (auto* of_kind = std::get_if<T>(&action))
                taken.push_back(std::move(*of_kind));
            else
                rest.push_back(std::move(action));
        }
        out = std::move(rest);
        return taken;
    }
    /// Messages of one kind to a peer, taken out of what is waiting.
    template <class M>
    std::vector<M> sent(PeerId to) {
        std::vector<M> messages;
        Actions rest;
        for (auto& action : out) {
            const auto* send = std::get_if<Send>(&action);
            if (send != nullptr && send->to == to) {
                auto message = decode(*send->frame, 1024 * 1024);
                EXPECT_TRUE(message) << message.error();
                if (message && std::holds_alternative<M>(*message)) {
                    messages.push_back(std::get<M>(*message));
                    continue;
                }
            }
            rest.push_back(std::move(action));
        }
        out = std::move(rest);
        return messages;
    }
    /// The hashes of all blocks asked of a peer since the last look.
    std::vector<BlockHash> asked(PeerId of) {
        std::vector<BlockHash> hashes;
        for (const auto& message : sent<GetData>(of))
            for (const auto& item : message.items)
                hashes.push_back(digest_cast<BlockHash>(item.hash));
        return hashes;
    }
    /// Why a peer is closed; empty if it is not.
    std::string closed(PeerId peer) {
        for (const auto& close : take<Close>())
            if (close.peer == peer) return close.why;
        return {};
    }

    void open(PeerId peer, bool active = true, Hello hello = {}) {
        sync.on_open(peer, hello, active, chain(), now, out);
        settle();
    }
    void close(PeerId peer) { sync.on_close(peer, chain(), now, out); }
    void headers(PeerId peer, std::vector<HashedHeader> headers) {
        sync.on_headers(peer, Headers{std::move(headers)}, chain(), now, out);
        settle();
    }
    void headers(PeerId peer, const std::vector<BlockPtr>& blocks) {
        std::vector<HashedHeader> list;
        for (const auto& block : blocks) list.push_back(block->header);
        headers(peer, std::move(list));
    }
    /// A body as it comes over the wire.
    void body(PeerId peer, const HashedHeader& header, SharedBytes bytes) {
        sync.on_block(peer, BlockBody{header, std::move(bytes)}, chain(), now, out);
    }
    /// What the check pool and then the node make of the bodies that wait to be checked.
    void check() {
        for (auto& check : take<Check>()) {
            const auto hash = digest_cast<BlockHash>(check.what.hash);
            verdict(check.from, hash, judge(hash, check.bytes));
        }
        settle();
    }
    void verdict(PeerId from, const BlockHash& hash, const std::optional<Rejection>& refused) {
        sync.on_verdict(from, hash, refused, chain(), now, out);
    }
    /// A right body, delivered and accepted.
    void deliver(PeerId peer, const BlockPtr& block) {
        body(peer, block->header, block->bytes);
        check();
    }
    void tick(Tick ms) {
        now.steady += ms;
        sync.on_tick(chain(), now, out);
        settle();
    }
    /// Carries out offers; tells of a new tip as after a commit.
    void settle() {
        for (auto offers = take<Offer>(); !offers.empty(); offers = take<Offer>())
            for (const auto& offer : offers) {
                Result<void, Rejection> verdict;
                for (const auto& header : offer.headers) {
                    verdict = machine.ledger->add_header(header, now.wall, *machine.rows);
                    if (!verdict) break;
                    ++headers_taken;
                }
                sync.on_offered(offer.from, verdict, chain(), now, out);
            }
        if (!change.empty()) {
            const TipChange news = std::exchange(change, {});
            sync.on_tip(news, announce, chain(), now, out);
        }
        while (goes_on && sync.has_more()) sync.go_on(chain(), now, out);
    }
    /// A block of our own.
    void mine(const BlockPtr& block) {
        ASSERT_TRUE(machine.keep(block));
        advance();
        settle();
    }

    bool goes_on = true;  // at once with what was left off
    Machine machine;
    Pool pool{PoolLimits{}};
    Sync sync;
    static constexpr UnixSeconds kWall = Machine::kNow;
    Now now{1'000, kWall};
    Actions out;
    Tick unheard = 0;  // ms in which it did not hear its peers
    bool announce = true;
    std::size_t headers_taken = 0;

private:
    std::optional<Rejection> judge(const BlockHash& hash, const SharedBytes& bytes) {
        Ledger& ledger = *machine.ledger;
        const auto block = check_block(bytes, ledger.params(), [](const Txid&) { return nullptr; });
        if (!block) {
            if (condemns_header(block.error().rule))
                ledger.condemn(hash, block.error().rule, *machine.rows);
            return block.error();
        }
        if (const auto kept = ledger.add_block(*block, now.wall, *machine.rows); !kept)
            return kept.error();
        advance();
        const auto record = ledger.header(*machine.rows, hash);
        if (!record->invalid) return std::nullopt;
        if (ledger.last_invalid() && ledger.last_invalid()->first == hash)
            return ledger.last_invalid()->second;
        return Rejection{Rule::parent_valid, "", ""};
    }
    void advance() {
        while (machine.ledger->advance(*machine.rows, change)) machine.write();
    }

    TipChange change;
};

/// Several parties, joined by lines that lose nothing and keep the order; time stands still while
/// anything is under way.
class Town {
public:
    std::size_t add(std::shared_ptr<const ChainParams> params) {
        parties_.push_back(std::make_unique<Party>(std::move(params)));
        return parties_.size() - 1;
    }
    Party& operator[](std::size_t number) { return *parties_[number]; }

    void connect(std::size_t a, std::size_t b) {
        const PeerId at_a = ++next_peer_;
        const PeerId at_b = ++next_peer_;
        far_ends_[{a, at_a}] = {b, at_b};
        far_ends_[{b, at_b}] = {a, at_a};
        parties_[a]->open(at_a);
        parties_[b]->open(at_b);
    }
    /// Until nothing is under way.
    void run() {
        for (bool more = true; more;) {
            more = false;
            for (std::size_t i = 0; i < parties_.size(); ++i) more = step(i) || more;
        }
    }
    [[nodiscard]] std::size_t bodies_sent(const BlockHash& hash) const {
        const auto sent = bodies_.find(hash);
        return sent == bodies_.end() ? 0 : sent->second;
    }
    [[nodiscard]] const std::map<std::size_t, std::size_t>& served() const { return served_; }
    std::vector<std::string> closed;
    /// A party that answers no getdata.
    std::set<std::size_t> withholding;

private:
    using End = std::pair<std::size_t, PeerId>;

    bool step(std::size_t at) {
        Party& party = *parties_[at];
        party.check();
        auto sends = party.take<Send>();
        for (const auto& close : party.take<Close>()) {
            closed.push_back(close.why);
            const auto far = far_ends_.find({at, close.peer});
            if (far == far_ends_.end()) continue;
            const auto [other, peer] = far->second;
            party.close(close.peer);
            parties_[other]->close(peer);
            far_ends_.erase({other, peer});
            far_ends_.erase({at, close.peer});
        }
        for (const auto& send : sends) {
            const auto far = far_ends_.find({at, send.to});
            if (far == far_ends_.end()) continue;
            auto message = decode(*send.frame, 1024 * 1024);
            EXPECT_TRUE(message) << message.error();
            if (message) receive(far->second, at, send.to, *message);
        }
        return !sends.empty();
    }
    void receive(const End& to, std::size_t from, PeerId sender_peer, const Message& message) {
        const auto [number, peer] = to;
        Party& party = *parties_[number];
        if (const auto* question = std::get_if<GetHeaders>(&message)) {
            parties_[from]->headers(sender_peer,
                                    headers_after(*party.machine.rows, *question).headers);
        } else if (const auto* wanted = std::get_if<GetData>(&message)) {
            if (withholding.contains(number)) return;
            for (const auto& item : wanted->items) {
                const auto frame = frame_of(*party.machine.rows, item);
                ASSERT_TRUE(frame);
                auto body = decode(*frame, 1024 * 1024);
                ASSERT_TRUE(body);
                const auto& block = std::get<BlockBody>(*body);
                ++bodies_[block.header.hash];
                ++served_[number];
                parties_[from]->body(sender_peer, block.header, block.bytes);
            }
        } else if (const auto* headers = std::get_if<Headers>(&message)) {
            party.headers(peer, headers->headers);
        }
    }

    std::vector<std::unique_ptr<Party>> parties_;
    std::map<End, End> far_ends_;
    std::map<BlockHash, std::size_t> bodies_;
    std::map<std::size_t, std::size_t> served_;
    PeerId next_peer_ = 0;
};

}  // namespace cairn::net::testing
