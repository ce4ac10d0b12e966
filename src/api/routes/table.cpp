#include "api/route.hpp"
#include "api/routes/accounts.hpp"
#include "api/routes/batch.hpp"
#include "api/routes/chain.hpp"
#include "api/routes/inventories.hpp"
#include "api/routes/login.hpp"
#include "api/routes/mine.hpp"
#include "api/routes/nodes.hpp"
#include "api/routes/pool.hpp"
#include "api/routes/resolve.hpp"
#include "api/routes/send.hpp"
#include "api/routes/status.hpp"
#include "api/routes/transactions.hpp"
#include "api/routes/users.hpp"

namespace cairn {
namespace {

using http::Method;
using http::RouteLimits;
using enum Role;

constexpr std::size_t kBatchBytes = 4 * 1024 * 1024;
constexpr RouteLimits kUsual{};
/// Beside its text there are the transfers that it becomes.
constexpr RouteLimits kBatch{.body = kBatchBytes, .memory_per_byte = 3};
// A turn to log in may be long in coming (LoginRoom::kLongest).
constexpr RouteLimits kLoggingIn{.deadline = std::chrono::seconds{70}};
// Mining has a time limit of its own, which the operator sets.
constexpr RouteLimits kMining{.deadline = std::chrono::hours{24}};
// So has a resolve, in `timeout`; this one only ends what has gone wrong.
constexpr RouteLimits kResolving{.deadline = std::chrono::minutes{3}};

ApiRoute read(Method method, std::string_view pattern, Read run, http::RouteDoc doc) {
    return {{method, pattern, anyone, false, false, kUsual, doc}, run};
}
ApiRoute work(Method method, std::string_view pattern, Role who, Work run, RouteLimits limits,
              http::RouteDoc doc) {
    return {{method, pattern, who, true, false, limits, doc}, run};
}

/// The peers' WebSocket: the engine gives the connection away, and nothing is run.
ApiRoute peer_socket(std::string_view pattern, http::RouteDoc doc) {
    return {{Method::get, pattern, anyone, false, true, kUsual, doc}, Read{nullptr}};
}

/// Needs more than a view, and changes nothing.
ApiRoute ask(Method method, std::string_view pattern, Role who, Work run, http::RouteDoc doc) {
    return {{method, pattern, who, false, false, kUsual, doc}, run};
}

/// How one comes in, and whether the node lives: also when only the last places are left.
ApiRoute vital(ApiRoute route) {
    route.spec.vital = true;
    return route;
}

const std::vector<ApiRoute>& table() {
    using namespace routes;
    static const std::vector<ApiRoute> kTable = {
        work(Method::get, "/restart", operator_, restart, kUsual,
             {.summary = "Chain and pool back to genesis, after a backup; users stay"}),
        work(Method::post, "/restart", operator_, restart, kUsual,
             {.summary = "Chain and pool back to genesis, after a backup; users stay"}),
        work(Method::post, "/nodes/register", operator_, register_nodes, kUsual,
             {.summary = "Nodes to be connected with from now on",
              .body = R"({"nodes":["http://127.0.0.1:5001"]})"}),
        work(Method::post, "/transactions/new", anyone, new_transaction, kUsual,
             {.summary =
                  "Send coins: the node signs for who is logged in, or takes a signed transfer",
              .body = R"({"recipient":"crn1…","amount":5,"fee":0.01,"memo":"thanks"})"}),
        work(Method::get, "/mine", member, mine, kMining,
             {.summary = "Search the next block or blocks", .query = "count, to"}),
        work(Method::post, "/mine", member, mine, kMining,
             {.summary = "Search the next block or blocks", .query = "count, to"}),
        read(Method::get, "/chain", chain,
             {.summary = "The best chain, genesis first", .query = "from, limit"}),
        read(Method::get, "/pool", pool, {.summary = "Transfers that wait for a block"}),
        work(Method::get, "/nodes/resolve", member, resolve, kResolving,
             {.summary = "Ask every registered node; the chain of most work wins",
              .query = "timeout"}),
        work(Method::post, "/nodes/resolve", member, resolve, kResolving,
             {.summary = "Ask every registered node; the chain of most work wins",
              .query = "timeout"}),
        work(Method::get, "/getblocks", anyone, get_blocks, kUsual,
             {.summary = "What every registered node has, as its /inv tells"}),
        read(Method::get, "/inv", inv,
             {.summary = "What this node has: blocks by hash, then the pool",
              .query = "from, limit"}),

        read(Method::get, "/", index, {.summary = "What this is, and its routes"}),
        vital(work(Method::post, "/login", anyone, login, kLoggingIn,
                   {.summary = "A token for a name and a password",
                    .body = R"({"name":"operator","password":"…"})"})),
        work(Method::post, "/logout", member, logout, kUsual, {.summary = "End this session"}),
        read(Method::get, "/status", status, {.summary = "The node at a glance"}),
        read(Method::get, "/blocks", blocks,
             {.summary = "Block headers, newest first", .query = "limit, cursor"}),
        read(Method::get, "/blocks/{block}", block,
             {.summary = "A block by index or hash", .query = "format=json|hex"}),
        read(Method::get, "/transactions/{id}", transaction,
             {.summary = "Where a transaction stands: pool, confirmed or dropped"}),
        read(Method::get, "/transactions/{id}/proof", proof,
             {.summary = "The Merkle proof that a transaction is in the chain"}),
        work(Method::post, "/transactions/batch", anyone, transaction_batch, kBatch,
             {.summary = "Many signed transfers, one commit",
              .body = R"({"transactions":[{"raw":"01…"}]})"}),
        read(Method::get, "/accounts/{address}", account,
             {.summary = "Balance and nonces of an account"}),
        read(Method::get, "/accounts/{address}/transactions", account_transactions,
             {.summary = "History of an account, newest first", .query = "limit, cursor"}),
        ask(Method::get, "/nodes", anyone, list_nodes,
            {.summary = "Nodes that are connected, and those that are registered"}),
        work(Method::del, "/nodes/{address}", operator_, remove_node, kUsual,
             {.summary = "Forget a registered node"}),
        ask(Method::get, "/users", operator_, list_users, {.summary = "All users"}),
        work(Method::post, "/users", operator_, create_user, kUsual,
             {.summary = "A new user with a new key; its 24 words are shown once",
              .body = R"({"name":"ann","password":"…","role":"member"})"}),
        work(Method::del, "/users/{name}", operator_, remove_user, kUsual,
             {.summary = "Remove a user and its key"}),
        ask(Method::get, "/users/me", member, who_am_i,
            {.summary = "Who am I, and what do I have"}),
        peer_socket(
            "/p2p",
            {.summary = "The socket of other nodes (WebSocket, subprotocols cairn.2, cairn.1)"}),
        vital(read(Method::get, "/healthz", healthz, {.summary = "Alive"})),
        vital(read(Method::get, "/readyz", readyz,
                   {.summary = "Able to serve, or 503 with the reason"})),
    };
    return kTable;
}

}  // namespace

std::span<const ApiRoute> api_routes() { return table(); }

}  // namespace cairn
