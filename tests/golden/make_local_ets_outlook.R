# Writes local_ets_outlook.json: what R's forecast 8.20 expects of the next steps, with the states that it ended with.
#
#     Rscript tests/golden/make_local_ets_outlook.R

suppressMessages(library(forecast))
set.seed(1)
t <- 0:47
values <- ts(round(exp(4 + 0.01 * t) * (1 + 0.3 * sin(2 * pi * t / 4)) * (1 + 0.1 * rnorm(48)), 3), frequency = 4)
number <- function(x) paste0("[", paste(formatC(x, digits = 17, format = "g"), collapse = ","), "]")
cases <- c()
for (model in c("ANN", "AAN", "ANA", "AAA", "MNN", "MAN", "MNA", "MAA", "MNM", "MAM")) {
  for (damped in if (substr(model, 2, 2) == "A") c(FALSE, TRUE) else FALSE) {
    fit <- ets(values, model = model, damped = damped)
    ahead <- forecast(fit, h = 11, level = 80)
    last <- fit$states[nrow(fit$states), ]
    par <- function(name, other) if (name %in% names(fit$par)) fit$par[[name]] else other
    seasons <- if (substr(model, 3, 3) == "N") c() else rev(last[startsWith(names(last), "s")])
    name <- paste0(substr(model, 1, 2), if (damped) "d" else "", substr(model, 3, 3))
    deviation <- (ahead$upper[, 1] - ahead$mean) / qnorm(0.9)
    cases <- c(cases, paste0(
      '{"fitted":{"form":"', name, '","alpha":', number(par("alpha", 0)), ',"beta":', number(par("beta", 0)),
      ',"gamma":', number(par("gamma", 0)), ',"phi":', number(par("phi", 1)), ',"level":', number(last[["l"]]),
      ',"slope":', number(if ("b" %in% names(last)) last[["b"]] else 0), ',"seasons":', number(seasons),
      ',"sigma":', number(sqrt(fit$sigma2)), '},"mean":', number(ahead$mean), ',"deviation":', number(deviation), "}"
    ))
  }
}
text <- gsub('(alpha|beta|gamma|phi|level|slope|sigma)":\\[([^]]*)\\]', '\\1":\\2', paste(cases, collapse = ",\n"))
writeLines(paste0('{"forecast":"8.20","cases":[\n', gsub("\\[NULL\\]|\\[\\]", "[]", text), "]}"), "tests/golden/local_ets_outlook.json")
