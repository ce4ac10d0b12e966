#include "net/sync/header_fetch.hpp"

#include <algorithm>

#include "net/emit.hpp"
#include "net/sync/header_room.hpp"
#include "net/sync/locator.hpp"

namespace cairn::net {
namespace {

/// After a header of the future, unless another comes first. Milliseconds.
constexpr Tick kAgainAfter = 30'000;

std::optional<BranchTip> tip_at(const BlockHash& hash, Chain chain) {
    const auto record = chain.ledger.header(chain.rows, hash);
    if (!record) return std::nullopt;
    return BranchTip{hash, record->height, record->work};
}

/// The locator of a known header: its nearest ancestors exactly, those further down as the best
/// chain has them, which is what most peers share.
std::vector<BlockHash> locator_of(const BlockHash& hash, Height height, Chain chain) {
    BlockHash at = hash;
    Height at_height = height;
    return make_locator(height, [&](Height wanted) -> std::optional<BlockHash> {
        if (wanted == 1) return chain.ledger.params().genesis().hash;
        if (wanted == at_height) return at;
        if (wanted + 1 == at_height) {
            const auto record = chain.ledger.header(chain.rows, at);
            if (!record) return std::nullopt;
            at = record->header.previous_hash;
            at_height = wanted;
            return at;
        }
        return tables::best(chain.rows, wanted);
    });
}

BlockHash parent_of(const BlockHash& hash, Chain chain) {
    const auto record = chain.ledger.header(chain.rows, hash);
    return record ? record->header.previous_hash : BlockHash{};
}

}  // namespace

void HeaderFetch::ask(std::vector<BlockHash> locator, const Env& env) {
    if (locator.size() > limits::kLocator)
        locator.erase(locator.begin() + limits::kLocator - 1, locator.end() - 1);
    send(env.out, peer_, GetHeaders{locator, {}});
    asked_ = Asked{std::move(locator), env.now.steady};
    again_at_.reset();
    waiting_ = false;
}

void HeaderFetch::begin(const Env& env) {
    if (asked_) return;
    low_.reset();
    BlockHash hash = env.chain.ledger.tip().hash;
    Height height = env.chain.ledger.tip().height;
    if (env.best) {
        hash = env.best->hash;
        height = env.best->height;
    }
    // From its parent, so that a peer of the same branch shows at least that one header.
    if (height > 1) {
        hash = parent_of(hash, env.chain);
        --height;
    }
    ask(locator_of(hash, height, env.chain), env);
}

void HeaderFetch::stop() {
    asked_.reset();
    offered_.reset();
    low_.reset();
    again_at_.reset();
    missed_ = false;
    waiting_ = false;
}

/// Goes on where a full message ended; what another peer told already is jumped over if this one
/// has it too.
void HeaderFetch::ask_after(const BranchTip& last, const Env& env) {
    waiting_ = env.missing > limits::kHeadersAhead;
    if (waiting_) return;
    auto locator = locator_of(last.hash, last.height, env.chain);
    if (env.best && env.best->height > last.height + 1)
        locator.insert(locator.begin(), parent_of(env.best->hash, env.chain));
    ask(std::move(locator), env);
}

void HeaderFetch::ask_low_work(const Env& env) {
    auto locator = low_->way_back();
    if (locator.front() != low_->position()) locator.insert(locator.begin(), low_->position());
    if (const auto start = tip_at(locator.back(), env.chain)) {
        locator.pop_back();
        const auto known = locator_of(start->hash, start->height, env.chain);
        locator.insert(locator.end(), known.begin(), known.end());
    }
    ask(std::move(locator), env);
}

/// An answer begins after a header that was asked about; anything else is told by itself.
bool HeaderFetch::answers(const BlockHash& parent) const {
    return asked_ && std::find(asked_->locator.begin(), asked_->locator.end(), parent) !=
                         asked_->locator.end();
}

HeaderFetch::Learnt HeaderFetch::on_headers(const Headers& message, const Env& env) {
    const auto& headers = message.headers;
    if (headers.size() > limits::kHeaders) return fail(std::string{"it sent too many headers"});
    if (headers.empty()) {
        if (offered_) return on_early(asked_.has_value());
        if (asked_) stop();
        return std::nullopt;
    }
    for (std::size_t i = 1; i < headers.size(); ++i)
        if (headers[i].header.previous_hash != headers[i - 1].hash)
            return fail(std::string{"it sent headers that do not follow one another"});

    const BlockHash& parent_hash = headers.front().header.previous_hash;
    const bool answer = answers(parent_hash);
    if (offered_) return on_early(answer);
    if (answer) asked_.reset();
    if (low_ && answer) {
        if (parent_hash == low_->position()) return on_low_work(message, env);
        low_.reset();
    }

    Ledger& ledger = env.chain.ledger;
    const auto parent = ledger.header(env.chain.rows, parent_hash);
    if (!parent) return on_unconnecting(message, env);
    unconnecting_ = 0;

    // A known header has a known parent, so the known ones come first.
    const auto first_new =
        std::partition_point(headers.begin(), headers.end(), [&](const HashedHeader& header) {
            return ledger.header(env.chain.rows, header.hash).has_value();
        });
    const BlockHash& last_known =
        first_new == headers.begin() ? parent_hash : std::prev(first_new)->hash;
    const auto known = ledger.header(env.chain.rows, last_known);
    if (!known) return std::nullopt;  // the store failed; the node finds the fault
    if (known->invalid)
        return fail("it sent headers of a branch that is invalid: block " + last_known.to_string() +
                    " was refused for " + std::string{rule_name(known->reason)});

    const bool full = headers.size() == limits::kHeaders;
    const Height end_height = known->height + static_cast<Height>(headers.end() - first_new);
    see(headers.back().hash, end_height);
    if (first_new == headers.end()) {
        const BranchTip shown{last_known, known->height, known->work};
        if (full && !asked_) ask_after(shown, env);
        return shown;
    }

    ChainWork work = known->work;
    CompactBits bits;
    ChainWork work_of_bits;
    for (auto at = first_new; at != headers.end(); ++at) {
        if (at->header.bits != bits) {
            const auto target = expand(at->header.bits);
            if (!target)
                return fail("it sent a header that breaks a rule: " +
                            check_work(*at).error().to_string());
            bits = at->header.bits;
            work_of_bits = work_of(*target);
        }
        work = work + work_of_bits;
    }
    if (work > ledger.tip().work) {
        return offer({first_new, headers.end()}, full, env);
    }
    if (low_) return std::nullopt;  // told by itself while a longer branch is being fetched
    low_.emplace(BranchEnd{parent_hash, *parent, env.chain},
                 limits::kLowWorkHeaders - low_headers_);
    return on_low_work(message, env);
}

/// Our ledger is not through with what it told before: it is asked anew once that is done.
HeaderFetch::Learnt HeaderFetch::on_early(bool answer) {
    if (answer) asked_.reset();
    missed_ = true;
    return std::nullopt;
}

void HeaderFetch::note(const Headers& message, Chain chain) {
    const auto& headers = message.headers;
    if (headers.empty() || headers.size() > limits::kHeaders) return;
    for (std::size_t i = 1; i < headers.size(); ++i)
        if (headers[i].header.previous_hash != headers[i - 1].hash) return;
    const auto parent = chain.ledger.header(chain.rows, headers.front().header.previous_hash);
    if (parent) see(headers.back().hash, parent->height + static_cast<Height>(headers.size()));
}

HeaderFetch::Learnt HeaderFetch::on_unconnecting(const Headers& message, const Env& env) {
    // Whoever tells block upon block of a branch before our question reaches him repeats nothing.
    const bool goes_on = message.headers.front().header.previous_hash == last_unconnected_;
    last_unconnected_ = message.headers.back().hash;
    if (!goes_on && ++unconnecting_ > limits::kUnconnecting)
        return fail(std::string{"it keeps sending headers whose parent is unknown"});
    begin(env);
    return std::nullopt;
}

HeaderFetch::Learnt HeaderFetch::on_low_work(const Headers& message, const Env& env) {
    unconnecting_ = 0;
    auto taken = low_->take(message, env.chain.ledger.tip().work, env.chain.ledger.params());
    if (!taken) return fail("it sent a header that breaks a rule: " + taken.error().to_string());
    switch (*taken) {
        case LowWork::Next::ask:
            see(low_->end().hash(), low_->end().height());
            if (asked_)
                low_.reset();  // something else is being answered
            else
                ask_low_work(env);
            return std::nullopt;
        case LowWork::Next::offer:
            return offer(message.headers, message.headers.size() == limits::kHeaders, env);
        case LowWork::Next::forget:
            see(low_->end().hash(), low_->end().height());
            low_.reset();
            return std::nullopt;
        case LowWork::Next::changed:
            // Counted, so that a branch that changes for ever comes to an end as well.
            low_headers_ += low_->headers();
            low_.reset();
            if (low_headers_ < limits::kLowWorkHeaders) {
                begin(env);
                return std::nullopt;
            }
            break;
        case LowWork::Next::too_long:
            break;
    }
    return fail("it sent more than " + std::to_string(limits::kLowWorkHeaders) +
                " headers without showing more work than our tip's");
}

HeaderFetch::Learnt HeaderFetch::offer(std::vector<HashedHeader> headers, bool more,
                                       const Env& env) {
    const BlockHash& after = headers.front().header.previous_hash;
    const auto parent = env.chain.ledger.header(env.chain.rows, after);
    if (parent && parent->linked)
        run_ = 0;
    else if (env.best && env.best->hash == after)
        run_ = env.missing;
    run_ += headers.size();
    if (run_ > limits::kBareOfBranch)
        return fail("it told more than " + std::to_string(limits::kBareOfBranch) +
                    " headers of a branch whose blocks are not here");
    if (!env.room.make(headers.size(), after, env.chain)) {
        low_.reset();
        again_at_ = env.now.steady + kAgainAfter;
        return std::nullopt;
    }
    Offered offered{{}, more};
    offered.hashes.reserve(headers.size());
    for (const auto& header : headers) offered.hashes.push_back(header.hash);
    offered_ = std::move(offered);
    env.out.push_back(Offer{peer_, std::move(headers)});
    return std::nullopt;
}

HeaderFetch::Learnt HeaderFetch::on_offered(const Result<void, Rejection>& verdict,
                                            const Env& env) {
    if (!offered_) return std::nullopt;
    const Offered offered = std::move(*offered_);
    offered_.reset();
    const bool missed = std::exchange(missed_, false);
    if (verdict) {
        ahead_.reset();
        const auto shown = tip_at(offered.hashes.back(), env.chain);
        if (!shown) return std::nullopt;
        see(shown->hash, shown->height);
        low_headers_ = 0;
        if (low_ && low_->finished()) low_.reset();
        if (low_)
            ask_low_work(env);
        else if ((offered.more || missed) && !asked_)
            ask_after(*shown, env);
        return shown;
    }
    low_.reset();
    if (verdict.error().rule == Rule::parent_known) {
        // What it follows had to make room meanwhile: no fault of the peer's.
        begin(env);
        return std::nullopt;
    }
    if (verdict.error().rule != Rule::time_not_in_future)
        return fail("it sent a header that breaks a rule: " + verdict.error().to_string());
    again_at_ = env.now.steady + kAgainAfter;
    ahead_ = "its better chain is refused for now, for it is ahead of this node's clock (" +
             verdict.error().to_string() + ")";
    const auto refused =
        std::partition_point(offered.hashes.begin(), offered.hashes.end(), [&](const auto& hash) {
            return env.chain.ledger.header(env.chain.rows, hash).has_value();
        });
    if (refused == offered.hashes.begin()) return std::nullopt;
    return tip_at(*std::prev(refused), env.chain);
}

HeaderFetch::Learnt HeaderFetch::on_tick(const Env& env) {
    if (asked_ && passed(asked_->since, env.now.steady) > limits::kHeadersWithin)
        return fail("it did not answer getheaders within " +
                    std::to_string(limits::kHeadersWithin / 1000) + " s");
    if (again_at_ && env.now.steady >= *again_at_) begin(env);
    if (waiting_ && env.missing < limits::kHeadersAhead / 2) begin(env);
    return std::nullopt;
}

std::size_t HeaderFetch::bytes() const {
    std::size_t bytes = sizeof *this;
    if (low_) bytes += low_->bytes();
    if (asked_) bytes += asked_->locator.capacity() * sizeof(BlockHash);
    if (offered_) bytes += offered_->hashes.capacity() * sizeof(BlockHash);
    return bytes;
}

}  // namespace cairn::net
