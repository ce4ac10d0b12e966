#include "model/ledger.hpp"

#include "model/crypto.hpp"

namespace model {

namespace {

Verdict verdict(int rule, std::string expected, std::string found) {
    return {rule, std::move(expected), std::move(found), 0};
}

std::string show_bits(std::uint32_t bits) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) {
        const std::uint8_t byte = static_cast<std::uint8_t>(bits >> shift);
        out += hex(View{&byte, 1});
    }
    return out;
}

// An id covers the signature, and the genesis hash stands in the signed message.
bool signed_by_sender(const Bytes32& genesis, const Transaction& transaction,
                      const Transfer& transfer) {
    static std::set<std::pair<Bytes32, Bytes32>> known;
    if (known.contains({genesis, transaction.id})) return true;
    if (!signature_is_valid(transfer.sender, signing_hash(genesis, transfer), transfer.signature)) {
        return false;
    }
    known.insert({genesis, transaction.id});
    return true;
}

}  // namespace

Bytes32 digest(const State& state) {
    Writer out;
    for (const auto& [address, account] : state.accounts) {
        out.raw(address).u64(account.balance).u64(account.nonce);
    }
    return sha256(out.u64(state.issued).done());
}

Wide sum_of_balances(const State& state) {
    Wide sum = 0;
    for (const auto& [address, account] : state.accounts) sum += account.balance;
    return sum;
}

Chain::Chain(Spec spec) : spec_{std::move(spec)} {
    const auto block = decode_block(genesis_block(spec_));
    genesis_ = block->hash;
    headers_.push_back(block->header);
    hashes_.push_back(block->hash);
    work_ = work_of(*target_of(spec_.bits));
    for (const auto& [recipient, amount] : spec_.allocations) {
        open(recipient, state_).balance += amount;
        state_.issued += amount;
    }
}

Account& Chain::open(const Bytes32& address, State& state) const {
    const auto [place, is_new] = state.accounts.try_emplace(address);
    if (is_new) {
        place->second.balance = std::min(spec_.opening, kCap - state.issued);
        state.issued += place->second.balance;
    }
    return place->second;
}

std::uint32_t Chain::required_bits() const {
    const std::uint64_t next = height() + 1;
    if (!spec_.asert || next <= 2) return spec_.bits;
    const Big limit = *target_of(spec_.bits);
    const Header& anchor = headers_[1];
    const Header& parent = headers_.back();
    const Big reference = Big{anchor.time} - spec_.spacing;
    const Asert asert{limit, spec_.spacing, spec_.half_life, limit};
    return compact_of(asert_target(asert, Big{parent.time} - reference, Big{height()} - 2));
}

std::uint32_t Chain::median_time() const {
    std::vector<std::uint32_t> times;
    for (std::size_t i = headers_.size() - std::min<std::size_t>(headers_.size(), 11);
         i < headers_.size(); ++i) {
        times.push_back(headers_[i].time);
    }
    std::ranges::sort(times);
    return times[times.size() / 2];
}

std::uint64_t Chain::subsidy(std::uint64_t issued) const {
    const std::uint64_t era = height() / spec_.halving_interval;  // the next height less one
    return era >= 64 ? 0 : std::min(spec_.subsidy >> era, kCap - issued);
}

std::optional<Verdict> Chain::check(const Header& header, std::optional<std::uint64_t> now) const {
    if (header.previous_hash != tip()) return verdict(1, shown(tip()), shown(header.previous_hash));
    const auto target = target_of(header.bits);
    if (!target || header.bits != required_bits()) {
        return verdict(2, show_bits(required_bits()), show_bits(header.bits));
    }
    const auto hash = double_sha256(encode(header));
    if (integer_of(hash) > *target) return verdict(3, show_bits(header.bits), shown(hash));
    if (header.time < median_time()) {
        return verdict(4, std::to_string(median_time()), std::to_string(header.time));
    }
    if (now && spec_.future_limit != 0 && header.time > *now + spec_.future_limit) {
        return verdict(5, std::to_string(*now + spec_.future_limit), std::to_string(header.time));
    }
    return std::nullopt;
}

std::optional<Verdict> Chain::check_body(const Block& block) const {
    std::vector<Bytes32> ids;
    for (const auto& transaction : block.transactions) ids.push_back(transaction.id);
    // The root first: a body that is not the header's says nothing about the header.
    if (merkle_root(ids) != block.header.merkle_root) {
        return verdict(7, shown(block.header.merkle_root), shown(merkle_root(ids)));
    }
    if (block.size > spec_.max_block) {
        return verdict(6, std::to_string(spec_.max_block), std::to_string(block.size));
    }
    for (std::size_t i = 0; i < std::max<std::size_t>(block.transactions.size(), 1); ++i) {
        const bool is_reward = i < block.transactions.size() &&
                               std::holds_alternative<Reward>(block.transactions[i].content);
        if (is_reward != (i == 0)) {
            return verdict(6, i == 0 ? "a reward" : "a transfer",
                           block.transactions.empty() ? "nothing"
                           : is_reward                ? "a reward"
                                                      : "a transfer");
        }
    }
    for (const auto& transaction : block.transactions) {
        const auto* transfer = std::get_if<Transfer>(&transaction.content);
        if (transfer == nullptr) continue;
        if (transfer->data.size() > spec_.max_data) {
            return verdict(8, std::to_string(spec_.max_data),
                           std::to_string(transfer->data.size()));
        }
        if (transfer->amount == 0) return verdict(8, "an amount above 0", "0");
        if (Wide{transfer->amount} + transfer->fee > kCap) {
            return verdict(
                8, "amount and fee within the cap",
                std::to_string(transfer->amount) + " + " + std::to_string(transfer->fee));
        }
        if (!signed_by_sender(genesis_, transaction, *transfer)) {
            return verdict(8, "the signature of the sender", hex(transfer->signature));
        }
    }
    return std::nullopt;
}

std::optional<Verdict> Chain::apply(const Transfer& transfer, State& state) const {
    Account& sender = open(transfer.sender, state);
    if (transfer.nonce != sender.nonce) {
        return verdict(9, "nonce " + std::to_string(sender.nonce),
                       "nonce " + std::to_string(transfer.nonce));
    }
    const std::uint64_t cost = transfer.amount + transfer.fee;
    if (sender.balance < cost) {
        return verdict(9, "a balance of at least " + std::to_string(cost),
                       std::to_string(sender.balance));
    }
    sender.balance -= cost;
    sender.nonce += 1;
    open(transfer.recipient, state).balance += transfer.amount;
    return std::nullopt;
}

std::optional<Verdict> Chain::apply(const Reward& reward, std::uint64_t fees, State& state) const {
    if (reward.height != height() + 1) {
        return verdict(10, "height " + std::to_string(height() + 1),
                       "height " + std::to_string(reward.height));
    }
    const std::uint64_t minted = subsidy(state.issued);
    if (reward.amount != minted + fees) {
        return verdict(10, "amount " + std::to_string(minted + fees),
                       "amount " + std::to_string(reward.amount));
    }
    // The subsidy is issued before the account is opened, or both could take the last of the cap.
    state.issued += minted;
    open(reward.recipient, state).balance += reward.amount;
    return std::nullopt;
}

std::optional<Verdict> Chain::connect(View bytes, std::optional<std::uint64_t> now) {
    const auto refuse = [&](Verdict broken) {
        broken.height = height() + 1;
        return std::optional{std::move(broken)};
    };
    const auto block = decode_block(bytes);
    if (!block) return refuse(verdict(0, "a block", "bytes that do not decode as one"));
    if (auto broken = check(block->header, now)) return refuse(*broken);
    if (auto broken = check_body(*block)) return refuse(*broken);
    State next = state_;
    std::uint64_t fees = 0;
    for (const auto& transaction : block->transactions) {
        const auto* transfer = std::get_if<Transfer>(&transaction.content);
        if (transfer == nullptr) continue;
        if (auto broken = apply(*transfer, next)) return refuse(*broken);
        fees += transfer->fee;
    }
    const auto& reward = std::get<Reward>(block->transactions.front().content);
    if (auto broken = apply(reward, fees, next)) return refuse(*broken);
    state_ = std::move(next);
    follow(block->header);
    return std::nullopt;
}

void Chain::follow(const Header& header) {
    headers_.push_back(header);
    hashes_.push_back(double_sha256(encode(header)));
    work_ += work_of(*target_of(header.bits));
}

std::variant<State, Verdict> replay(const Spec& spec, const std::vector<Bytes>& blocks) {
    if (const auto field = unworkable_field(spec); !field.empty()) {
        return Verdict{0, "a workable " + field, "a spec that could not work", 1};
    }
    if (blocks.empty() || blocks.front() != genesis_block(spec)) {
        return Verdict{0, "genesis " + shown(genesis_hash(spec)), "another first block", 1};
    }
    Chain chain{spec};
    for (std::size_t i = 1; i < blocks.size(); ++i) {
        if (const auto broken = chain.connect(blocks[i])) return *broken;
    }
    return chain.state();
}

Tree::Tree(Spec spec) : root_{std::move(spec)}, best_{root_} {}

std::vector<const Tree::Entry*> Tree::branch(Bytes32 hash) const {
    std::vector<const Entry*> path;
    while (hash != root_.genesis()) {
        path.push_back(&entries_.at(hash));
        hash = path.back()->parent;
    }
    std::ranges::reverse(path);
    return path;
}

std::optional<Verdict> Tree::add(View bytes, std::optional<std::uint64_t> now) {
    const auto block = decode_block(bytes);
    if (!block) return verdict(0, "a block", "bytes that do not decode as one");
    if (entries_.contains(block->hash) || block->hash == root_.genesis()) return std::nullopt;
    const Bytes32& parent = block->header.previous_hash;
    if (invalid_.contains(block->hash))
        return verdict(1, "a block not yet refused", "refused before");
    if (invalid_.contains(parent)) {
        invalid_.insert(block->hash);
        return verdict(1, "a valid parent", "an invalid one");
    }
    if (parent != root_.genesis() && !entries_.contains(parent)) {
        return verdict(1, "a known parent", shown(parent));
    }
    // Headers of this branch only: bodies off the best branch may still prove invalid.
    Chain headers = root_;
    for (const auto* entry : branch(parent)) headers.follow(decode_block(entry->bytes)->header);
    if (auto broken = headers.check(block->header, now)) return broken;
    if (auto broken = headers.check_body(*block)) {
        if (broken->rule != 7) invalid_.insert(block->hash);
        return broken;
    }
    entries_[block->hash] = {parent,
                             {bytes.begin(), bytes.end()},
                             headers.work() + work_of(*target_of(block->header.bits)),
                             entries_.size()};
    auto broken = choose();
    return invalid_.contains(block->hash) ? broken : std::nullopt;
}

void Tree::condemn(const Bytes32& hash) {
    invalid_.insert(hash);
    entries_.erase(hash);
    std::vector<Bytes32> children;
    for (const auto& [child, entry] : entries_) {
        if (entry.parent == hash) children.push_back(child);
    }
    for (const auto& child : children) condemn(child);
}

std::optional<Verdict> Tree::choose() {
    std::optional<Verdict> last;
    while (true) {
        const std::pair<const Bytes32, Entry>* most = nullptr;
        for (const auto& candidate : entries_) {
            if (candidate.second.work <= best_.work()) continue;
            if (most == nullptr || candidate.second.work > most->second.work ||
                (candidate.second.work == most->second.work &&
                 candidate.second.arrival < most->second.arrival)) {
                most = &candidate;
            }
        }
        if (most == nullptr) return last;
        Chain chain = root_;
        std::optional<Bytes32> bad;
        for (const auto* entry : branch(most->first)) {
            if (auto broken = chain.connect(entry->bytes)) {
                last = broken;
                bad = decode_block(entry->bytes)->hash;
                break;
            }
        }
        if (chain.work() > best_.work()) best_ = std::move(chain);
        if (bad) condemn(*bad);
    }
}

}  // namespace model
