# docker build -t gdsolve .
# docker run --rm -v "$PWD":/data gdsolve fit table.csv
FROM python:3.11-slim AS build
WORKDIR /source
COPY . .
# The CPU build of PyTorch: its version has a suffix, which pip takes to be newer than the same version without it.
RUN python3 -m venv /opt/gdsolve \
 && /opt/gdsolve/bin/pip install --no-cache-dir -c constraints.txt --extra-index-url https://download.pytorch.org/whl/cpu .

FROM python:3.11-slim
RUN useradd --create-home --uid 1000 gdsolve
COPY --from=build /opt/gdsolve /opt/gdsolve
ENV PATH=/opt/gdsolve/bin:$PATH
USER 1000
WORKDIR /data
ENTRYPOINT ["gdsolve"]
CMD ["--help"]
